.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python
BUILD := build/flights
STATE := build/registry
SPAN ?= 2013-01 2013-02
RUN = .venv/bin/tidegate run training --registry $(STATE)
export PYTHONUNBUFFERED := 1

.PHONY: help setup run run-bad test e2e servers kind-up kind-cluster kind-kfp kind-tidegate kind-down lint format types compile golden check clean-tree bench images sbom lock

help: ## print this help
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: .venv/.ready ## make .venv from the locks (every other target does it when needed)

.venv/.ready: requirements/bootstrap.txt requirements/lock.txt scripts/setup.sh
	@scripts/setup.sh

run: .venv/.ready ## flights: train on January, then on February 2013 (SPAN=2013-03 goes on)
	@$(PY) examples/flights/prepare.py --out $(BUILD)
	@$(RUN) --contract examples/flights/contract.yaml $(addprefix --span ,$(SPAN))

run-bad: .venv/.ready $(STATE)/flights/models/index.json ## flights: a broken February, held by the data gate
	@$(RUN) --contract $(BUILD)/bad/contract.yaml --span 2013-02

$(STATE)/flights/models/index.json:
	@$(MAKE) --no-print-directory run

test: .venv/.ready ## run the tests
	@$(PY) -m pytest -n 2 --dist worksteal -q

e2e: .venv/.ready ## run every component as a pod of the cluster KUBECONFIG points at (tests/e2e/conftest.py says what it needs)
	@PYTHONPATH=tests/e2e $(PY) -m pytest -o addopts=--import-mode=importlib -o faulthandler_timeout=0 -n 0 -s -q tests/e2e

servers: build/bin/minio build/bin/fake-gcs-server build/bin/kustomize ## build what tests run against: object stores, kustomize (needs Go; without it substitutes serve)

build/bin/minio: MODULE = github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
build/bin/fake-gcs-server: MODULE = github.com/fsouza/fake-gcs-server@v1.56.1
build/bin/kustomize: MODULE = sigs.k8s.io/kustomize/kustomize/v5@v5.8.1
build/bin/syft: MODULE = github.com/anchore/syft/cmd/syft@v1.57.0
build/bin/kind: MODULE = sigs.k8s.io/kind@v0.30.0
build/bin/%:
	@echo "building $(notdir $@); a few minutes"
	@GOBIN="$(CURDIR)/build/bin" CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' $(MODULE)

KIND := build/bin/kind
KUBECTL := kubectl --context kind-tidegate
kind-up: kind-cluster kind-kfp kind-tidegate ## a kind cluster with Kubeflow Pipelines, MinIO, our manifests and the images of `make images`
	@echo "Kubeflow Pipelines: http://127.0.0.1:8080, its API: http://127.0.0.1:8888, MinIO: http://127.0.0.1:9000"
	@echo "TIDEGATE_E2E_S3_ENDPOINT=http://127.0.0.1:9000 TIDEGATE_E2E_BUCKET=tidegate make e2e"

kind-cluster: $(KIND)
	@$(KIND) get clusters -q | grep -qx tidegate || $(KIND) create cluster --config manifests/kind/cluster.yaml --wait 5m
	@$(KIND) load docker-image --name tidegate $(foreach kind,$(KINDS),tidegate/$(kind):$(VERSION))

kind-kfp:
	@$(KUBECTL) apply --server-side -k manifests/kind/kfp-crds && $(KUBECTL) wait --for condition=established --timeout 2m crd --all
	@$(KUBECTL) apply --server-side -k manifests/kind/kfp
	@$(KUBECTL) -n kubeflow wait --for condition=available --timeout 20m deployment --all

kind-tidegate: build/kind/storage.env
	@$(KUBECTL) apply --server-side -k manifests/kind
	@for n in tidegate kubeflow; do $(KUBECTL) create secret generic tidegate-storage --from-env-file $< --dry-run=client -o yaml | $(KUBECTL) -n $$n apply --server-side -f - || exit; done
	@$(KUBECTL) -n tidegate rollout status --timeout 5m deployment/tidegate-minio

build/kind/storage.env:
	@mkdir -p $(@D) && umask 077 && printf 'S3_ENDPOINT=%s\nAWS_REGION=us-east-1\nAWS_ACCESS_KEY_ID=tidegate\nAWS_SECRET_ACCESS_KEY=%s\n' \
	  http://tidegate-minio.tidegate:9000 "$$(od -An -tx1 -N16 /dev/urandom | tr -d ' \n')" > $@

kind-down: $(KIND) ## delete the kind cluster
	@$(KIND) delete cluster --name tidegate

lint: .venv/.ready ## ruff: style, docstrings; import-linter: which package may import which
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports --no-cache

format: .venv/.ready ## rewrite the code as ruff wants it
	@$(PY) -m ruff check --fix-only -q .
	@$(PY) -m ruff format -q .

types: .venv/.ready ## mypy, strict
	@$(PY) -m mypy

compile: .venv/.ready ## write component.yaml, pipeline YAML and the contract's JSON Schema; for REGISTRY=... or SETTINGS=FILE to build/compiled
	@.venv/bin/tidegate compile $(if $(REGISTRY),--registry $(REGISTRY)) $(if $(SETTINGS),--settings $(SETTINGS))

golden: .venv/.ready ## fail if a compiled file is not current
	@.venv/bin/tidegate compile --check

check: lint types golden test clean-tree ## everything CI requires

clean-tree:
	@test -z "$$(git status --porcelain)" || { git status --short; echo "the tree is not clean: commit or ignore these"; exit 1; }

bench: .venv/.ready ## the figures in the README
	@$(PY) benchmarks/compute_statistics.py
	@$(PY) benchmarks/ingest.py
	@$(PY) benchmarks/start.py --training
	@$(PY) benchmarks/drift.py && $(PY) benchmarks/thresholds.py

# The caller's: where images are pushed, the base image by digest, another lock of the ml image.
VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' src/tidegate/__init__.py)
KINDS := light data ml
IMAGE = $(if $(REGISTRY),$(REGISTRY)/)tidegate
BUILD_IMAGE = DOCKER_BUILDKIT=1 $(DOCKER) build $(DOCKER_BUILD_FLAGS) -f docker/Dockerfile --build-arg VERSION=$(VERSION) \
  --build-arg REVISION=$(shell git rev-parse HEAD) $(foreach arg,BASE ML_LOCK,$(if $($(arg)),--build-arg $(arg)=$($(arg))))
DOCKER ?= docker
images: ## build tidegate/light, tidegate/data and tidegate/ml with Docker or Podman (DOCKER=podman)
	@for kind in $(KINDS); do $(BUILD_IMAGE) --target $$kind -t $(IMAGE)/$$kind:$(VERSION) . || exit 1; done

sbom: build/bin/syft ## list what the images hold, as SPDX and CycloneDX in build/sbom (needs Go once)
	@mkdir -p build/sbom
	@for kind in $(KINDS); do $< scan -q $(notdir $(DOCKER)):$(IMAGE)/$$kind:$(VERSION) -o spdx-json=build/sbom/$$kind.spdx.json -o cyclonedx-json=build/sbom/$$kind.cdx.json || exit 1; done

EXPORT := .venv/bin/uv export -q --no-emit-project --no-annotate --no-header
PIN := .venv/bin/uv pip compile -q --upgrade --python-version 3.11 --generate-hashes --no-annotate --no-header
# A pod never talks to Kubernetes or the KFP server, nor compiles C: a tenth of an image.
PRUNED := $(EXPORT) --no-default-groups $(addprefix --prune ,kubernetes kfp-server-api libclang kfp-kubernetes shtab)
LIGHT := $(addprefix --prune ,rich duckdb tensorflow-data-validation dill)
# Of TFDV its C++ library and a few modules are loaded (src/tidegate/core/_tfdv.py), which need neither.
DATA := $(addprefix --prune ,rich tensorflow tensorflow-cpu apache-beam google-api-python-client joblib pandas)
lock: .venv/.ready ## resolve the locks anew (needs the network)
	@.venv/bin/uv lock -q --python 3.11 && $(EXPORT) --all-extras --all-groups -o requirements/lock.txt
	@$(PRUNED) $(LIGHT) --extra kfp -o requirements/light.txt && $(PRUNED) $(DATA) --extra kfp -o requirements/data.txt
	@$(PRUNED) --all-extras --group cpu -o requirements/ml.txt && rm uv.lock
	@$(PIN) --universal requirements/bootstrap.in -o requirements/bootstrap.txt && $(PIN) --no-config requirements/peers.in -o requirements/peers.txt

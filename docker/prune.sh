#!/bin/sh -e
# Takes from installed packages (the working directory) what a component never reads, and compiles
# the rest: importing TensorFlow takes 4 s with bytecode, and 12 s or more without.

# Headers, tests, sources, links for linkers, and what talks to Flight servers or edits StableHLO.
rm -rf pyarrow/include pyarrow/includes pyarrow/src pyarrow/tests pyarrow/*.pxi pyarrow/*.pyx \
    pyarrow/libarrow_flight* pyarrow/libarrow_python_flight* pyarrow/_flight* \
    pyarrow/libarrow_python*.so pyarrow/libarrow_python*.so.*.* \
    numpy/*/tests numpy/f2py numpy/_core/include numpy/_core/lib pandas/tests Crypto/SelfTest \
    tensorflow/include tensorflow/compiler/mlir/stablehlo/stablehlo_extension.so

# Symbols are for debuggers and linkers: 200 MB in TensorFlow. Libraries in *.libs were patched when
# their wheel was made, and NVIDIA's are NVIDIA's: those stay as they are.
find . -name '*.so*' -type f ! -path './*.libs/*' ! -path './nvidia/*' -exec strip --strip-unneeded {} +

python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash .

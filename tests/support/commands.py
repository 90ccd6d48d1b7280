"""Files of departures and a contract on them, for the commands."""

import numpy as np

ROWS = 1200
HEADER = ["id", "day", "carrier", "distance", "gust"]


def lines(seed, *, carriers=("AA", "UA", "DL"), scale=1.0, rows=ROWS):
    random = np.random.default_rng(seed)
    for i in range(rows):
        gust = "" if i % 4 else f"{random.normal(20, 4):.2f}"
        distance = round(int(random.choice([200, 500, 1400])) * scale)
        yield [
            f"{seed}-{i}",
            f"2013-0{seed}-{i % 28 + 1:02}",
            random.choice(carriers),
            distance,
            gust,
        ]


def text_of(rows, between=","):
    return "".join(between.join(map(str, row)) + "\n" for row in [HEADER, *rows])


CONTRACT = """
dataset: flights
source: {uri: "spans/{YYYY}-{MM}.csv", format: csv}
key: [id]
time: day
label: late
gates: {min_examples: 500}
"""

"""Runs in the sandbox: tests Kepler's third law, period ~ distance^1.5, on the planets' figures."""

import json

import numpy as np
import pandas as pd

planets = pd.read_csv("planets.csv")
planets["a3_over_T2"] = planets.semi_major_axis_au**3 / planets.period_years**2
print(planets.to_string(index=False))

# A power law is a straight line when both axes are logarithms: its slope is the exponent.
x, y = np.log(planets.semi_major_axis_au), np.log(planets.period_years)
exponent, intercept = np.polyfit(x, y, 1)
r_squared = np.corrcoef(x, y)[0, 1] ** 2
print(f"\nfit: period = {np.exp(intercept):.5f} x distance^{exponent:.5f}    (R^2 = {r_squared:.9f})")

with open("fit.json", "w") as file:
    json.dump({"exponent": exponent, "factor": np.exp(intercept), "r_squared": r_squared}, file)

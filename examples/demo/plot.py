"""Runs in the sandbox: draws the planets and the fitted law, as the skill data-visualization says."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from artifact_validation import validate_artifact

PICTURE = "/artifacts/keplers-third-law.png"

planets = pd.read_csv("planets.csv")
with open("fit.json") as file:
    fit = json.load(file)

fig, ax = plt.subplots(figsize=(8, 5), layout="constrained")
line = np.array([0.2, 50])
ax.loglog(line, fit["factor"] * line ** fit["exponent"], color="#DE8F05", zorder=1)
ax.annotate(f"slope {fit['exponent']:.4f}", (2.6, 3.2), color="#B06F00")
ax.scatter(planets.semi_major_axis_au, planets.period_years, s=45, color="#0173B2", zorder=2)
for planet in planets.itertuples():
    place = (planet.semi_major_axis_au, planet.period_years)
    ax.annotate(planet.planet, place, xytext=(-8, 4), textcoords="offset points", ha="right")
ax.set(
    title="A planet's year grows with its distance from the Sun to the power 1.5",
    xlabel="Semi-major axis (astronomical units, log scale)",
    ylabel="Orbital period (years, log scale)",
)
ax.set_xlim(0.15, 60)
ax.xaxis.set_major_formatter("{x:g}")
ax.yaxis.set_major_formatter("{x:g}")
ax.grid(alpha=0.3)
ax.spines[["top", "right"]].set_visible(False)
fig.text(0.995, -0.03, "Data: NASA/JPL Solar System Dynamics", ha="right", fontsize=8, color="0.4")
fig.savefig(PICTURE, dpi=150, bbox_inches="tight")
plt.close(fig)

print(validate_artifact(PICTURE))

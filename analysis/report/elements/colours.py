"""Colours of themes and eras."""

# Okabe & Ito (2008), distinguishable with the common colour deficiencies
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6000", "#333333")
ERA_COLOURS = ("#d55e00", "#0072b2")

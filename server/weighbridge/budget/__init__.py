"""What counts mean: budgets, thresholds, sections, models and cost. Pure."""

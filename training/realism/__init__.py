"""How far the simulated dish is from real microscopy: figures, plots and sheets."""

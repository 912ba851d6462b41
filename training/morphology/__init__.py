"""How the research-only classifier of sperm heads was made."""

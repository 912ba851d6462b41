"""The sperm detector: pictures, network, training, export and model card."""

"""Results to Markdown tables, pictures and the model card."""

"""Where a document stands for other content: the model, and a scanner for each dialect."""

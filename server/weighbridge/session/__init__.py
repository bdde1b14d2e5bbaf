"""The loop's own state: open documents, what they refer to, settings. Workers get values, and give values back."""

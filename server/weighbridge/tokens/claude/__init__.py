"""Claude's tokenizer, reconstructed: counts that were measured against the provider's own, made anew for speed."""

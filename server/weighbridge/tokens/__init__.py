"""Exact counting: tokenizers, summaries that join, the counted buffer, the counting service."""

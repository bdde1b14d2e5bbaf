"""Agents: programs that load context files by themselves. One module of rules each, none knows another."""

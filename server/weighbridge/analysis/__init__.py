"""From a document's snapshot to its report.

content  ──reading──▶  Reading     one content: read, scanned, counted (a worker's work)
Reading  ──expand───▶  Expansion   a reference with everything nested in it (pure)
Expansion ──report──▶  Report      the tree of counts that is shown (pure)
"""

"""The bare pipeline: what accepting, sending and recording cost when nothing is decided. The floor for Ulak."""

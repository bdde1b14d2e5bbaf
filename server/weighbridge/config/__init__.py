"""Settings: one model that validates and describes them, and the layers they come from."""

from weighbridge.config.documents import DEFAULT_ENCODING, DEFAULT_INCLUDE, default_encoding
from weighbridge.config.files import read_folder_layer
from weighbridge.config.globs import matches
from weighbridge.config.layers import Layer, ResolvedSettings, resolve
from weighbridge.config.settings import Api, ApiCache, InlayHints, Retry, Settings, Severity, Threshold

__all__ = [
    "DEFAULT_ENCODING",
    "DEFAULT_INCLUDE",
    "Api",
    "ApiCache",
    "InlayHints",
    "Layer",
    "ResolvedSettings",
    "Retry",
    "Settings",
    "Severity",
    "Threshold",
    "default_encoding",
    "matches",
    "read_folder_layer",
    "resolve",
]

"""Models by name: figures that belong together, and all the ways their names are written."""

import re
from pathlib import Path

import pytest
from tiktoken.model import MODEL_TO_ENCODING

from weighbridge.budget.cost import input_cost
from weighbridge.budget.models import MODELS, Model, find, matching, models_json, nearest
from weighbridge.config.settings import ModelEntry
from weighbridge.errors import UnknownModelError
from weighbridge.tokens.base import Exactness
from weighbridge.tokens.registry import encodings

#: Chat and completion models as genai-prices 0.2.3 spells them, GPT-6 and those without a confirmed tokenizer left out.
NAMES = """
    chatgpt-4o-latest codex-mini codex-mini-latest davinci-002 babbage-002
    gpt-3.5-turbo gpt-35-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-0613 gpt-3.5-turbo-1106 gpt-3.5-turbo-0301
    gpt-3.5-turbo-16k gpt-3.5-turbo-16k-0613 gpt-35-turbo-16k gpt-3.5-turbo-instruct gpt-3.5-turbo-instruct-0914
    gpt-4 gpt-4-0314 gpt-4-0613 gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613 gpt-4-turbo gpt-4-turbo-2024-04-09
    gpt-4-turbo-0125-preview gpt-4-0125-preview gpt-4-1106-preview gpt-4-turbo-preview gpt-4-vision-preview
    gpt-4-1106-vision-preview gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14 gpt-4.1-nano
    gpt-4.1-nano-2025-04-14 gpt-4.5-preview gpt-4.5-preview-2025-02-27 gpt-4o gpt-4o-2024-08-06 gpt-4o-2024-11-20
    gpt-4o-2024-05-13 gpt-4o-mini gpt-4o-mini-2024-07-18 gpt-4o-mini-search-preview
    gpt-4o-mini-search-preview-2025-03-11 gpt-4o-search-preview gpt-4o-search-preview-2025-03-11
    gpt-5 gpt-5-2025-08-07 gpt-5-chat gpt-5-chat-latest gpt-5-codex gpt-5-mini gpt-5-mini-2025-08-07 gpt-5-nano
    gpt-5-nano-2025-08-07 gpt-5-pro gpt-5-pro-2025-10-06 gpt-5.1 gpt-5.1-2025-11-13 gpt-5.1-codex gpt-5.1-codex-max
    gpt-5.1-chat gpt-5.1-chat-latest gpt-5-1 gpt-5-1-2025-11-13 gpt-5-1-codex gpt-5-1-codex-max gpt-5-1-chat
    gpt-5-1-chat-latest gpt-5.1-codex-mini gpt-5.1-mini gpt-5-1-codex-mini gpt-5-1-mini gpt-5.2 gpt-5.2-2025-12-11
    gpt-5-2 gpt-5-2-2025-12-11 gpt-5.2-chat gpt-5.2-chat-latest gpt-5-2-chat gpt-5.2-codex gpt-5-2-codex gpt-5.2-pro
    gpt-5.2-pro-2025-12-11 gpt-5-2-pro-2025-12-11 gpt-5.3 gpt-5-3 gpt-5.3-chat gpt-5.3-chat-latest gpt-5-3-chat
    gpt-5.3-codex gpt-5-3-codex gpt-5.4 gpt-5.4-2026-03-05 gpt-5-4 gpt-5-4-2026-03-05 gpt-5.4-mini
    gpt-5.4-mini-2026-03-17 gpt-5-4-mini gpt-5-4-mini-2026-03-17 gpt-5.4-nano gpt-5-4-nano-2026-03-17 gpt-5.4-pro
    gpt-5-4-pro-2026-03-05 gpt-5.5 gpt-5.5-2026-04-23 gpt-5-5 gpt-5-5-2026-04-24 gpt-5.5-codex gpt-5-5-codex
    gpt-5.5-pro gpt-5-5-pro-2026-04-23 gpt-5.6 gpt-5-6 gpt-5.6-sol gpt-5.6-sol-2026-07-09 gpt-5-6-sol gpt-5.6-terra
    gpt-5-6-terra-2026-07-09 gpt-5.6-luna gpt-5-6-luna gpt-oss-120b gpt-oss-20b gpt-oss-safeguard-20b
    o1 o1-2024-12-17 o1-mini o1-mini-2024-09-12 o1-preview o1-preview-2024-09-12 o1-pro o1-pro-2025-03-19 o3
    o3-2025-04-16 o3-deep-research o3-deep-research-2025-06-26 o3-mini o3-mini-2025-01-31 o3-mini-high o3-pro
    o3-pro-2025-06-10 o4-mini o4-mini-2025-04-16 o4-mini-high o4-mini-deep-research o4-mini-deep-research-2025-06-26
"""
LISTED = NAMES.split()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_is_found_by_its_names_and_has_a_tokenizer(model: Model) -> None:
    for name in (model.name, *model.aliases):
        # Ollama's tags ask a host, whose price is its own.
        assert find(name).name == model.name if ":" in name else find(name) == model
    assert model.encoding in encodings()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_models_figures_agree(model: Model) -> None:
    """They come from several places."""
    window, most = model.context_window, model.max_input
    assert window is None or most is None or window / 2 <= most <= window
    assert window is None or model.max_output is None or model.max_output <= window
    for price, cached in (
        (model.input_usd_per_million, model.cached_usd_per_million),
        *((tier.input_usd_per_million, tier.cached_usd_per_million) for tier in model.tiers),
    ):
        assert cached is None or (price is not None and 0 < cached < price)


def test_no_name_twice() -> None:
    names = [name for model in MODELS for name in (model.name, *model.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_chat_model_of_openai_is_known(name: str) -> None:
    assert (find(name).family, find(name).exactness) == ("openai", Exactness.EXACT)
    assert find(name).context_window


#: Encodings that split and count ordinary text as another does.
_SAME = {"gpt2": "r50k_base", "p50k_edit": "p50k_base"}


@pytest.mark.parametrize("name", MODEL_TO_ENCODING)
def test_every_model_that_tiktoken_names_has_its_encoding(name: str) -> None:
    encoding = MODEL_TO_ENCODING[name]
    assert find(name).encoding == _SAME.get(encoding, encoding)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-5", "gpt-5"),
        (" GPT-5 ", "gpt-5"),
        ("openai/gpt-5", "gpt-5"),
        ("openrouter/openai/gpt-5-mini", "gpt-5-mini"),
        ("openai:gpt-4o", "gpt-4o"),
        ("azure:gpt-35-turbo", "gpt-3.5-turbo"),
        ("azure/gpt-4-32k-0314", "gpt-4-32k"),
        ("gpt-4-0613", "gpt-4"),
        # By their dates alone these would be gpt-4, with a sixteenth of the window.
        ("gpt-4-1106-preview", "gpt-4-turbo"),
        ("gpt-4-0125-preview", "gpt-4-turbo"),
        ("gpt-4-turbo-2024-04-09", "gpt-4-turbo"),
        # A dated version with a price of its own.
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-3.5-turbo-0613", "gpt-3.5-turbo-0613"),
        ("gpt-3.5-turbo-0125", "gpt-3.5-turbo"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
        ("gpt-5.6", "gpt-5.6-sol"),
        ("gpt-5-6", "gpt-5.6-sol"),
        ("gpt-5-4-mini-2026-03-17", "gpt-5.4-mini"),
        # A date, and no version behind a dash.
        ("gpt-5-2025-08-07", "gpt-5"),
        ("o3-2025-04-16", "o3"),
    ],
)
def test_names_as_people_write_them(name: str, expected: str) -> None:
    assert find(name).name == expected


#: As people write them, and what they are: the model's name (of a family where no size or state is known), its encoding, window.
WRITTEN = """
gpt-5-high                                                gpt-5                        o200k_base    400000
openai.gpt-oss-120b-1:0                                   gpt-oss-120b                 o200k_harmony 131072
gpt-oss:20b                                               gpt-oss                      o200k_harmony 131072
opus                                                      claude-opus-5-5              claude-4.8    1000000
sonnet                                                    claude-sonnet-5-5            claude-4.8    1000000
sonnet[1m]                                                claude-sonnet-5-5            claude-4.8    1000000
haiku                                                     claude-haiku-5-5             claude-4.8    1000000
opus-4.5                                                  claude-opus-4-5              claude-3      200000
claude-sonnet-5                                           claude-sonnet-5              claude-4.8    1000000
claude-opus-5                                             claude-opus-5                claude-4.8    1000000
claude-opus-4-8                                           claude-opus-4-8              claude-4.8    1000000
claude-opus-4-8@default                                   claude-opus-4-8              claude-4.8    1000000
anthropic/claude-opus-4.8                                 claude-opus-4-8              claude-4.8    1000000
claude-opus-4-7-20260416                                  claude-opus-4-7              claude-4.7    1000000
bedrock/us.anthropic.claude-opus-4-7-v1:0                 claude-opus-4-7              claude-4.7    1000000
anthropic:claude-sonnet-4-6                               claude-sonnet-4-6            claude-3      1000000
claude-opus-4-5-20251101                                  claude-opus-4-5              claude-3      200000
claude-4.5-opus                                           claude-opus-4-5              claude-3      200000
Claude_Opus_4.5                                           claude-opus-4-5              claude-3      200000
us.anthropic.claude-opus-4-5-20251101-v1:0                claude-opus-4-5              claude-3      200000
global.anthropic.claude-sonnet-4-5-20250929-v1:0          claude-sonnet-4-5            claude-3      200000
openrouter/anthropic/claude-sonnet-4.5:beta               claude-sonnet-4-5            claude-3      200000
claude-haiku-4-5-20251001                                 claude-haiku-4-5             claude-3      200000
vertex_ai/claude-opus-4-1@20250805                        claude-opus-4-1              claude-3      200000
vertex_ai/claude-opus-4@20250514                          claude-opus-4-0              claude-3      200000
claude-sonnet-4-20250514                                  claude-sonnet-4-0            claude-3      200000
claude-3-7-sonnet:thinking                                claude-3-7-sonnet            claude-3      200000
claude-3.5-sonnet                                         claude-3-5-sonnet            claude-3      200000
anthropic.claude-3-5-sonnet-20241022-v2:0                 claude-3-5-sonnet            claude-3      200000
claude-3-opus-latest                                      claude-3-opus                claude-3      200000
arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0 claude-3-haiku claude-3 200000
gemini-3-pro                                              gemini-3-pro-preview         gemma4        1048576
models/gemini-2.5-flash                                   gemini-2.5-flash             gemma4        1048576
gemini/gemini-3.1-pro                                     gemini-3.1-pro-preview       gemma4        1048576
gemini-2.5-pro-preview-05-06                              gemini-2.5-pro               gemma4        1048576
vertex_ai/gemini-2.0-flash-001                            gemini-2.0-flash             gemma4        1048576
google-gla:gemini-2.5-pro                                 gemini-2.5-pro               gemma4        1048576
gemini-flash-latest                                       gemini-3.8-flash             gemma4        1048576
gemini-pro-latest                                         gemini-3.1-pro-preview       gemma4        1048576
google/gemma-4-31b-it                                     gemma-4-31b-it               gemma4        262144
gemma3:27b                                                gemma-3                      gemma4        -
qwen3-coder                                               qwen3-coder                  qwen3         262144
qwen/qwen3-coder-480b-a35b-instruct                       qwen3-coder                  qwen3         262144
qwen3:8b                                                  qwen3                        qwen3         -
qwen2.5-coder:7b                                          qwen2.5-coder                qwen3         -
qwen-2.5-72b-instruct                                     qwen2.5-72b-instruct         qwen3         -
qwen3.5-plus                                              qwen3.5-plus-02-15           estimate      1000000
deepseek-chat                                             deepseek-chat                deepseek_v3   131072
deepseek/deepseek-reasoner                                deepseek-reasoner            deepseek_v3   131072
deepseek-ai/DeepSeek-V3.1                                 deepseek-chat-v3.1           deepseek_v3   131072
deepseek.r1-v1:0                                          deepseek-r1                  deepseek_v3   131072
deepseek-r1:70b                                           deepseek-r1-distill-llama-70b llama3       131072
deepseek-r1:32b                                           deepseek-r1-distill-qwen-32b qwen3         131072
meta-llama/Llama-3.1-8B-Instruct                          llama-3.1-8b-instruct        llama3        131072
us.meta.llama3-3-70b-instruct-v1:0                        llama-3.3-70b-instruct       llama3        131072
groq/llama-3.3-70b-versatile                              llama-3.3-70b                llama3        131072
llama3.1:8b                                               llama-3.1                    llama3        131072
meta-llama/Llama-4-Scout-17B-16E-Instruct                 llama-4-scout                llama4        10485760
mistral-large-latest                                      mistral-large                mistral_v3    262144
mistral/mistral-large-2411                                mistral-large-2411           mistral_v2    -
open-mixtral-8x7b                                         mixtral-8x7b                 mistral_v1    -
mistral-nemo                                              mistral-nemo                 mistral_v3    -
moonshotai/kimi-k2-instruct                               kimi-k2-0711-preview         kimi_k2       131072
kimi-k3                                                   kimi-k3                      kimi_k3       1048576
z-ai/glm-4.5-air                                          glm-4.5-air                  glm4          128000
GLM-4.7                                                   glm-4.7                      glm4          200000
xai/grok-4                                                grok-4-0709                  estimate      256000
us.amazon.nova-lite-v1:0                                  nova-lite                    estimate      300000
cohere/command-r-08-2024                                  command-r-08-2024            estimate      128000
MiniMaxAI/MiniMax-M2                                      minimax-m2                   estimate      204800
us.anthropic.claude-sonnet-4-5-20250929-v1:0[1m]          claude-sonnet-4-5            claude-3      1000000
arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0 claude-sonnet-4-5 claude-3 200000
bedrock/converse/us.anthropic.claude-sonnet-4-20250514-v1:0 claude-sonnet-4-0          claude-3      200000
bedrock/invoke/anthropic.claude-3-haiku-20240307-v1:0     claude-3-haiku               claude-3      200000
apac.anthropic.claude-sonnet-4-20250514-v1:0              claude-sonnet-4-0            claude-3      200000
us-gov.anthropic.claude-3-5-sonnet-20240620-v1:0          claude-3-5-sonnet            claude-3      200000
mistral.mistral-large-2407-v1:0                           mistral-large-2407           mistral_v2    -
qwen.qwen3-coder-480b-a35b-v1:0                           qwen3-coder                  qwen3         262144
us.deepseek.r1-v1:0                                       deepseek-r1                  deepseek_v3   131072
projects/p/locations/us-central1/publishers/anthropic/models/claude-3-5-haiku@20241022 claude-3-5-haiku claude-3 200000
publishers/google/models/gemini-2.5-flash                 gemini-2.5-flash             gemma4        1048576
google-vertex/anthropic/claude-opus-4-5                   claude-opus-4-5              claude-3      200000
openrouter/deepseek/deepseek-chat-v3.1:free               deepseek-chat-v3.1           deepseek_v3   131072
deepseek/deepseek-r1-0528:free                            deepseek-r1-0528             deepseek_v3   131072
qwen/qwen3-235b-a22b:free                                 qwen3-235b-a22b              qwen3         131072
google/gemini-2.5-flash-lite:nitro                        gemini-2.5-flash-lite        gemma4        1048576
openai/gpt-5:floor                                        gpt-5                        o200k_base    400000
openai/gpt-4o:online                                      gpt-4o                       o200k_base    128000
z-ai/glm-4.6:exacto                                       glm-4.6                      glm4          200000
moonshotai/kimi-k2-0905                                   kimi-k2-0905                 kimi_k2       262144
azure/gpt-4.1-mini-2025-04-14                             gpt-4.1-mini                 o200k_base    1047576
azure_ai/claude-sonnet-4-5                                claude-sonnet-4-5            claude-3      200000
azure/openai/gpt-35-turbo                                 gpt-3.5-turbo                cl100k_base   16385
qwen2.5-coder:7b-instruct-q4_K_M                          qwen2.5-coder                qwen3         -
qwen2.5vl:7b                                              qwen2.5-vl                   qwen3         -
deepseek-r1:8b-0528-qwen3-q4_K_M                          deepseek-r1-distill-qwen-14b qwen3         131072
deepseek-r1:32b-qwen-distill-q4_K_M                       deepseek-r1-distill-qwen-32b qwen3         131072
deepseek-r1:671b                                          deepseek-r1                  deepseek_v3   131072
deepseek-ai/DeepSeek-R1-Distill-Qwen-7B                   deepseek-r1-distill-qwen     qwen3         131072
mistral                                                   mistral-7b                   mistral_v2    -
mistral:latest                                            mistral-7b                   mistral_v2    -
mistral:7b-instruct                                       mistral-7b                   mistral_v2    -
mistral-small3.2:24b                                      mistral-small-3.2-24b-instruct mistral_v3  -
mixtral:8x7b                                              mixtral-8x7b                 mistral_v1    -
gemma3n:e4b                                               gemma-3n                     gemma4        -
phi4:14b                                                  phi-4                        estimate      16384
gpt-oss:120b-cloud                                        gpt-oss                      o200k_harmony 131072
ollama_chat/llama3.3                                      llama-3.3                    llama3        131072
hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M         llama-3.2-3b-instruct        llama3        131072
lmstudio-community/Qwen3-8B-GGUF                          qwen3-8b                     qwen3         131072
lmstudio/qwen3-coder-30b-a3b-instruct-mlx                 qwen3-coder-30b-a3b-instruct qwen3         262144
unsloth/Llama-3.3-70B-Instruct-bnb-4bit                   llama-3.3-70b-instruct       llama3        131072
mlx-community/Qwen3-30B-A3B-4bit                          qwen3-30b-a3b                qwen3         -
TheBloke/Mistral-7B-Instruct-v0.2-GGUF                    mistral-7b-instruct-v0.2     mistral_v1    -
zai-org/GLM-4.5-Air-FP8                                   glm-4.5-air                  glm4          128000
moonshotai/Kimi-K2-Instruct-0905                          kimi-k2-0905-preview         kimi_k2       262144
CohereLabs/c4ai-command-a-03-2025                         command-a                    estimate      -
groq/openai/gpt-oss-120b                                  gpt-oss-120b                 o200k_harmony 131072
together_ai/meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 llama-4-maverick         llama4        1048576
together/Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8          qwen3-coder                  qwen3         262144
fireworks_ai/accounts/fireworks/models/llama-v3p3-70b-instruct llama-3.3-70b-instruct  llama3        131072
accounts/fireworks/models/deepseek-v3p1                   deepseek-chat-v3.1           deepseek_v3   131072
accounts/fireworks/models/glm-4p5                         glm-4.5                      glm4          128000
databricks/databricks-meta-llama-3-3-70b-instruct         llama-3.3-70b-instruct       llama3        131072
github_copilot/claude-sonnet-4.5                          claude-sonnet-4-5            claude-3      200000
claude-4.5-sonnet-thinking                                claude-sonnet-4-5            claude-3      200000
gemini/gemini-2.5-flash-preview-09-2025                   gemini-2.5-flash             gemma4        1048576
vercel/anthropic/claude-sonnet-4                          claude-sonnet-4-0            claude-3      200000
qwq-32b                                                   qwq-32b                      qwen3         -
grok-code-fast-1                                          grok-code-fast-1             estimate      256000
"""


@pytest.mark.parametrize("line", WRITTEN.strip().splitlines(), ids=lambda line: line.split()[0])
def test_names_of_all_makers_as_people_write_them(line: str) -> None:
    written, name, encoding, window = line.split()
    model = find(written.replace("_Opus_", " Opus "))
    assert (model.name, model.encoding) == (name, encoding)
    assert model.context_window == (None if window == "-" else int(window))


#: What a name says besides: whom one asks for the model, where, and in which state. Window, price of input and from the cache.
PRICED = """
gpt-5-codex                                                      gpt-5-codex                  o200k_base    400000   1.25   0.125
gpt-4.1-nano-2025-04-14                                          gpt-4.1-nano                 o200k_base    1047576  0.1    0.025
gpt_5_high                                                       gpt-5                        o200k_base    400000   1.25   0.125
azure/eu/gpt-4o-2024-08-06                                       gpt-4o                       o200k_base    128000   -      -
openai/responses/gpt-5                                           gpt-5                        o200k_base    400000   1.25   0.125
github_copilot/gpt-4.1                                           gpt-4.1                      o200k_base    1047576  2      0.5
openai/gpt-oss-120b:free                                         gpt-oss-120b                 o200k_harmony 131072   -      -
databricks-gpt-5-4-mini                                          gpt-5.4-mini                 o200k_base    400000   0.75   0.075
claude-3-5-haiku-latest                                          claude-3-5-haiku             claude-3      200000   0.8    0.08
claude-opus-latest                                               claude-opus-5-5              claude-4.8    1000000  4      0.2
claude-sonnet-4-5[1m]                                            claude-sonnet-4-5            claude-3      1000000  3      0.3
sonnet-4.5                                                       claude-sonnet-4-5            claude-3      200000   3      0.3
claude-opus-4-6[1m]                                              claude-opus-4-6              claude-3      1000000  5      0.5
bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0    claude-sonnet-4-5            claude-3      200000   3.3    0.33
eu.anthropic.claude-3-7-sonnet-20250219-v1:0                     claude-3-7-sonnet            claude-3      200000   3      0.3
us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0                 claude-sonnet-4-5            claude-3      200000   -      -
anthropic.claude-3-5-sonnet-20241022-v2:0:200k                   claude-3-5-sonnet            claude-3      200000   3      0.3
publishers/anthropic/models/claude-sonnet-4@20250514             claude-sonnet-4-0            claude-3      200000   3      0.3
databricks/databricks-claude-3-7-sonnet                          claude-3-7-sonnet            claude-3      200000   3      0.3
anthropic--claude-4-sonnet                                       claude-sonnet-4-0            claude-3      200000   3      0.3
projects/p/locations/us/publishers/google/models/gemini-2.5-pro  gemini-2.5-pro               gemma4        1048576  1.25   0.125
gemini-2.5-flash-lite-preview-09-2025                            gemini-2.5-flash-lite        gemma4        1048576  0.1    0.01
google/gemini-2.0-flash-exp:free                                 gemini-2.0-flash             gemma4        1048576  -      -
gemini-pro                                                       gemini-pro                   estimate      -        -      -
empiriolabs/gemini-3-1-pro                                       gemini-3.1-pro-preview       gemma4        1048576  2      0.2
google/gemma-3-27b-it:free                                       gemma-3-27b-it               gemma4        131072   -      -
qwen/qwen3-coder:free                                            qwen3-coder                  qwen3         262144   -      -
qwen3-coder:30b                                                  qwen3-coder                  qwen3         262144   -      -
Qwen/Qwen3-235B-A22B-Instruct-2507                               qwen3-235b-a22b-2507         qwen3         -        -      -
qwen3-coder-plus                                                 qwen3-coder-plus             qwen3         1000000  0.65   0.13
hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M                               qwen3-8b                     qwen3         131072   -      -
kimi-k2                                                          kimi-k2                      kimi_k2       131072   0.57   -
moonshotai/kimi-k2:free                                          kimi-k2                      kimi_k2       131072   -      -
moonshotai/Kimi-K2-Instruct-0905                                 kimi-k2-0905-preview         kimi_k2       262144   0.6    0.15
groq/moonshotai/kimi-k2-instruct                                 kimi-k2-0711-preview         kimi_k2       131072   -      -
glm-4.6                                                          glm-4.6                      glm4          200000   0.6    0.11
fireworks_ai/accounts/fireworks/models/glm-4p6                   glm-4.6                      glm4          200000   -      -
mistral-large-2411                                               mistral-large-2411           mistral_v2    -        2      -
mistral-large-2402                                               mistral-large                mistral_v3    -        -      -
mistral-small3.2                                                 mistral-small-3.2-24b-instruct mistral_v3    -        0.1    -
mistral:7b                                                       mistral-7b                   mistral_v2    -        -      -
mixtral:8x22b                                                    mixtral-8x22b-instruct       mistral_v2    -        -      -
devstral:24b                                                     devstral                     mistral_v3    -        -      -
grok-4                                                           grok-4-0709                  estimate      256000   3      0.75
grok-4.1-fast                                                    grok-4-1-fast-reasoning      estimate      2000000  0.2    0.05
x-ai/grok-4-fast:free                                            grok-4-fast-reasoning        estimate      2000000  -      -
xai/grok-4.20-reasoning                                          grok-4.20                    estimate      1000000  1.25   0.2
deepseek/deepseek-r1-0528:free                                   deepseek-r1-0528             deepseek_v3   131072   -      -
deepseek-chat                                                    deepseek-chat                deepseek_v3   131072   0.28   0.028
bedrock/us-east-1/deepseek.v3.2                                  deepseek-v3.2                deepseek_v3   131072   -      -
accounts/fireworks/models/llama-v3p1-70b-instruct                llama-3.1-70b-instruct       llama3        131072   -      -
together_ai/meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo         llama-3.1-70b-instruct       llama3        131072   -      -
meta-llama/Llama-3.3-70B-Instruct-Turbo-Free                     llama-3.3-70b-instruct       llama3        131072   -      -
llama3.2:1b                                                      llama-3.2                    llama3        131072   -      -
ollama_chat/llama3.1:70b                                         llama-3.1                    llama3        131072   -      -
us.amazon.nova-premier-v1:0                                      nova-premier                 estimate      1000000  -      -
"""


@pytest.mark.parametrize("line", PRICED.strip().splitlines(), ids=lambda line: line.split()[0])
def test_a_price_is_that_of_whom_one_asks(line: str) -> None:
    written, name, encoding, *figures = line.split()
    model = find(written)
    assert (model.name, model.encoding) == (name, encoding)
    known = (model.context_window, model.input_usd_per_million, model.cached_usd_per_million)
    assert known == tuple(None if figure == "-" else float(figure) for figure in figures)


def test_a_region_costs_more_in_all_tiers() -> None:
    (tier,) = find("eu.anthropic.claude-sonnet-4-5-20250929-v1:0").tiers
    assert (tier.input_usd_per_million, tier.cached_usd_per_million) == (6.6, 0.66)


@pytest.mark.parametrize(
    "name",
    ["", "-", "claude-opus-9", "anthropic.claude-v2:1", "claude-2.1", "sonar-pro", "deepseek-coder-v2", "openrouter/auto",
     "nousresearch/hermes-3-llama-3.1-405b", "claude-instant-1", "gemini-9", "gpt-55", "gpt-5-99", "o12", "ft:", "ft:x:y", "-2024-01-01",
     "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abcd1234efgh", "kimi-latest", "seed-oss-36b",
     "openai/", "llama", "x" * 100_000, "\ud800", "a/b/c", "[1m]", "@"],
)  # fmt: skip
def test_other_names_are_unknown_and_no_figure_is_made_up(name: str) -> None:
    with pytest.raises(UnknownModelError) as caught:
        find(name)
    assert "set `encoding`, or describe it in the setting `models`" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("claude-opus-9", "claude-opus-5"),
        ("gpt5", "gpt-5"),
        ("gemni-2.5-pro", "gemini-2.5-pro"),
        ("sonet", "sonnet"),
        ("azure/my-gpt-4o-deployment", "gpt-4o"),
        ("gpt-4o-eastus2", "gpt-4o"),
        ("dolphin-mixtral-8x22b", "mixtral-8x22b"),
    ],
)
def test_an_unknown_name_is_told_with_those_near_it(name: str, near: str) -> None:
    assert near in nearest(name, {})
    with pytest.raises(UnknownModelError, match=re.escape(near)):
        find(name)


def test_a_name_that_is_only_to_be_shown_is_not_near_itself() -> None:
    assert nearest("claude-opuss-5", {"claude-opuss-5": ModelEntry(shown=True)})[0].startswith("claude-opus")
    assert nearest("my-modl", {"my-model": ModelEntry(like="opus")}) == ["my-model"]


@pytest.mark.parametrize(
    ("name", "exactness"),
    [
        ("gpt-5", Exactness.EXACT),
        ("gpt-6-sol", Exactness.ESTIMATE),
        ("opus", Exactness.RECONSTRUCTION),
        ("gemini-2.5-pro", Exactness.RECONSTRUCTION),
        ("gemini-3.8-flash", Exactness.ESTIMATE),
        ("gemma2:9b", Exactness.ESTIMATE),
        ("gemma3:27b", Exactness.RECONSTRUCTION),
        ("deepseek-r1:8b-0528-qwen3-q4_K_M", Exactness.ESTIMATE),
        ("qwen3-coder", Exactness.EXACT),
        ("qwen3-coder-plus", Exactness.ESTIMATE),
        ("glm-4.7", Exactness.ESTIMATE),
        ("grok-4", Exactness.ESTIMATE),
    ],
)
def test_what_nobody_confirmed_does_not_look_it(name: str, exactness: Exactness) -> None:
    assert find(name).exactness is exactness


ADDED = {
    "mine": ModelEntry(like="claude-opus-4-8"),
    "cheap": ModelEntry(like="gpt-5.4", input_usd_per_million=1.0),
    "local": ModelEntry(encoding="qwen3", context_window=32_768),
    "gpt-5": ModelEntry(context_window=1_000),
    "nothing": ModelEntry(context_window=1_000),
    "wrong": ModelEntry(like="claude-opus-9"),
}


def test_models_of_the_settings_are_added_and_override() -> None:
    opus, local = find("mine", ADDED), find("local", ADDED)
    assert (opus.name, opus.encoding, opus.context_window) == ("mine", "claude-4.8", 1_000_000)
    assert (local.encoding, local.context_window, local.input_usd_per_million) == ("qwen3", 32_768, None)
    assert (find("GPT-5", ADDED).context_window, find("gpt-5", ADDED).encoding) == (1_000, "o200k_base")
    # Another price is another price for long inputs, too.
    cheap = find("cheap", ADDED)
    assert input_cost(500_000, cheap) == 0.5
    assert cheap.cached_usd_per_million is None


@pytest.mark.parametrize(
    ("name", "message"),
    [("nothing", "nothing: expected `encoding`"), ("wrong", "wrong: unknown model 'claude-opus-9'")],
)
def test_models_of_the_settings_that_say_too_little(name: str, message: str) -> None:
    with pytest.raises(UnknownModelError, match=message):
        find(name, ADDED)


def test_a_query_finds_by_any_name_and_by_family() -> None:
    assert matching("opus")[0].name == "claude-opus-5-5"
    assert {model.family for model in matching("deepseek")} >= {"deepseek"}
    assert matching("") == list(MODELS)
    assert matching("zzz") == []
    assert models_json(matching("gpt-5-nano"))["models"][0]["context_window"] == 400_000


def test_the_table_is_small() -> None:
    import weighbridge.budget.models as module

    assert Path(module.__file__).with_name("models.json").stat().st_size < 64_000


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", ("ft:gpt-4o-mini", "o200k_base", 128_000, 0.3)),
        ("ft:gpt-4o-2024-08-06:acme::abc", ("ft:gpt-4o", "o200k_base", 128_000, 3.75)),
        ("openai/ft:gpt-3.5-turbo-0125:acme::abc", ("ft:gpt-3.5-turbo", "cl100k_base", 16_385, 3.0)),
        # No price is known: not its base's.
        ("ft:gpt-4.1-2025-04-14:acme::abc", ("ft:gpt-4.1", "o200k_base", 1_047_576, None)),
        ("ft:gpt-4-0613:acme::abc", ("ft:gpt-4", "cl100k_base", 8_192, None)),
        ("ft:gpt-5.4:acme::abc", ("ft:gpt-5.4", "o200k_base", 1_050_000, None)),
    ],
)
def test_fine_tuned_models(name: str, expected: tuple[str, str, int, float | None]) -> None:
    model = find(name)
    assert (model.name, model.encoding, model.context_window, model.input_usd_per_million) == expected
    assert model.tiers == ()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_figures_are_plausible(model: Model) -> None:
    assert re.fullmatch(r"(ft:)?[a-z0-9._-]+", model.name)
    window, price = model.context_window, model.input_usd_per_million
    assert window is None or 1_000 < window <= 10_485_760
    assert window is None or (model.max_input or 0) <= window * 1.05
    assert price is None or 0 < price <= 150
    assert model.cached_usd_per_million is None or (
        price is not None and model.cached_usd_per_million <= price
    )
    # Long inputs cost more, and the window has room for them.
    assert [tier.above for tier in model.tiers] == sorted(tier.above for tier in model.tiers)
    for tier in model.tiers:
        assert price is not None
        assert tier.input_usd_per_million > price
        assert window is None or tier.above <= window


@pytest.mark.parametrize(
    ("tokens", "name", "expected"),
    [
        (0, "gpt-5", 0.0),
        (1_000_000, "gpt-4.1", 2.0),
        (1_000, "gpt-4o", 0.0025),
        (1_000, "gpt-oss-20b", None),
        (272_000, "gpt-5.4", 0.68),
        # All of it has the higher price, not only what is beyond.
        (272_001, "gpt-5.4", 1.360005),
        (500_000, "gpt-4.1", 1.0),
    ],
)
def test_cost(tokens: int, name: str, expected: float | None) -> None:
    cost = input_cost(tokens, find(name))
    assert cost == (None if expected is None else pytest.approx(expected, rel=1e-12))

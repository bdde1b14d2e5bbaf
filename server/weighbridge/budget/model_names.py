"""Names of models as people write them: whom one asks for the model, the name itself, and what stands behind it."""

import re
from typing import Final

#: What stands behind the name of one and the same model: a date, a state, `@default`, `[1m]`, Bedrock's `-v1:0`.
VERSION: Final = re.compile(
    r"(?:-v?\d:\d(?::\w+)?|:(?:free|batch|beta|extended|latest|thinking|nitro|floor|online|exacto)|@[\w.-]*|\[1m\]|-\d{4}-\d{2}-\d{2}|-\d{8}|-\d{6}|"
    r"-\d{2}-\d{4}|-\d{2}-\d{2}|-\d{4}|-00\d|-(?:preview|latest|exp|experimental|beta|maas|thinking|v1|minimal|low|medium|high|xhigh))$"
)
#: What stands behind the name of a family: sizes, formats, tasks, hosts' own words, and Ollama's tag.
VARIANT: Final = re.compile(
    r"(?::[\w.-]*|-(?:e?\d+(?:\.\d+)?[bmkt]|a\d+(?:\.\d+)?b|\d+x\d+b|\d+e|instruct|it|chat|base|hf|vision|text|"
    r"free|(?:nv|mx)?fp\d+|bf16|int[48]|awq|gptq|gguf|mlx|bnb|unsloth|exl2|q\d\w*|\d+bit|cloud|versatile|instant|turbo|fast|tput|vl|v0\.\d))$"
)
_PROVIDER: Final = re.compile(
    r"^(?:openai|azure|azure-ai|anthropic|claude|google|google-gla|google-vertex|vertex|vertexai|gemini|bedrock|mistral|groq|"
    r"deepseek|openrouter|together|fireworks|cohere|xai|x-ai|ollama|moonshot|zai|github|models|litellm|huggingface|cerebras):(?!\d+b|\d+x|latest$|instruct|text)|"
    r"^(?:databricks|snowflake|alibaba|openai|anthropic|google|xai|zai|fw|system\.ai)[.-]+(?=[a-z])"
)
#: Bedrock's: `us.anthropic.`, `global.anthropic.`, `meta.`.
_BEDROCK: Final = re.compile(
    r"(?:(us|us-gov|eu|apac|jp|au|ca|sa|in|global)\.)?(?:anthropic|amazon|meta|mistral|deepseek|qwen|openai|cohere|"
    r"moonshot|moonshotai|minimax|zai|google|xai)\."
)
_KINDS: Final = "opus|sonnet|haiku|fable|mythos"


def split_name(name: str) -> tuple[tuple[str, ...], str]:
    """The providers that a name asks for a model, and the model's name alone: `openrouter/openai/gpt-5`, `openai:gpt-5`, `us.anthropic.…`."""
    *whom, bare = name.lower().strip().split("/")
    bare = re.sub(r"[\s_]+", "-", re.sub(r" *\((\w+)\)$", r"-\1", bare.strip()))
    if provider := _PROVIDER.match(bare):
        whom.append(provider[0].rstrip(":.-"))
        bare = bare[provider.end() :]
    if bedrock := _BEDROCK.match(bare):
        whom.append(bedrock[1] or "bedrock")
        rest = bare[bedrock.end() :]
        # `deepseek.r1-v1:0` leaves out what others write twice.
        bare = f"deepseek-{rest}" if bedrock[0].endswith("deepseek.") and rest[:1] in "rv" else rest
    return tuple(whom), bare


def spelled(name: str) -> str:
    """A name as the table spells it: `claude-opus-4-5` for `claude-4.5-opus`, `llama-3.1` for `llama3.1` and `llama-v3p1`."""
    name = re.sub(r"(?<=\d)p(?=\d)", ".", re.sub("^c4ai-(?=command)", "", name))
    name = re.sub(rf"^(?=(?:{_KINDS})-\d)", "claude-", name)
    if name.startswith("claude"):
        name = re.sub(r"(?<=\d)\.(?=\d)", "-", name)
        name = re.sub(rf"^claude-([4-9])(?:-(\d))?-({_KINDS})\b", _reordered, name)
        name = re.sub(rf"^claude-({_KINDS})-3(-[57])?(?=$|-\d{{8}})", r"claude-3\2-\1", name)
    name = re.sub(r"^(?:meta-)?llama-?v?(\d)(?:[.-](\d)(?![\d.]*[bx]))?", _llama, name)
    name = re.sub(r"^qwen-(?=\d)", "qwen", name)
    name = re.sub(r"^(qwen[\d.]+)vl", r"\1-vl", name)
    name = re.sub(
        r"^(gemma|glm|kimi-k|phi)-?(?=\d)",
        lambda match: match[1] + ("" if match[1] == "kimi-k" else "-"),
        name,
    )
    return re.sub(r"^deepseek-(?:ai-)?(?=v\d|r\d)", "deepseek-", name)


def _reordered(match: re.Match[str]) -> str:
    return f"claude-{match[3]}-{match[1]}" + (f"-{match[2]}" if match[2] else "")


def _llama(match: re.Match[str]) -> str:
    return f"llama-{match[1]}" + (f".{match[2]}" if match[2] else "")

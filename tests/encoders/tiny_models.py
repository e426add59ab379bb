"""Folders of real transformers architectures with few random weights, as tests need them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.audio.torchaudio import import_torchaudio

import_torchaudio()

import torch  # noqa: E402
import transformers  # noqa: E402

transformers.utils.logging.disable_progress_bar()
RATE = 16000
SHAPE = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": (8, 8),
    "conv_kernel": (400, 3),
    "conv_stride": (320, 2),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
CARD = "---\nlanguage: en\nlicense: cc-by-nc-4.0\ntags:\n- music\n---\n\n# A tiny model\n"


def save(model: Any, folder: Path, *, rate: int = RATE, card: str = CARD) -> Any:
    """Save a model and the feature extractor of raw sound; return the model, ready for use."""
    model.eval().save_pretrained(folder, safe_serialization=True)
    transformers.Wav2Vec2FeatureExtractor(sampling_rate=rate).save_pretrained(folder)
    (folder / "README.md").write_text(card)
    return model


def hubert(folder: Path, **options: Any) -> Any:
    torch.manual_seed(0)
    return save(transformers.HubertModel(transformers.HubertConfig(**SHAPE)), folder, **options)


def wav2vec2(folder: Path) -> Any:
    torch.manual_seed(1)
    return save(transformers.Wav2Vec2Model(transformers.Wav2Vec2Config(**SHAPE)), folder)


def clap(folder: Path) -> Any:
    """CLAP at its own rate and window, with little in between."""
    torch.manual_seed(2)
    text = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 10}
    audio = {"patch_embeds_hidden_size": 8, "hidden_size": 64, "depths": [1, 1, 1, 1]}
    audio |= {"num_attention_heads": [1, 1, 1, 1]}
    both = {"projection_dim": 32}
    config = transformers.ClapConfig(
        text_config={**text, "intermediate_size": 8, **both}, audio_config=audio | both, **both
    )
    model = transformers.ClapModel(config).eval()
    model.save_pretrained(folder, safe_serialization=True)
    extract = transformers.ClapFeatureExtractor(feature_size=64, truncation="rand_trunc")
    extract.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    return model


def mert(folder: Path) -> Any:
    """HuBERT dressed up as MERT: a type transformers does not know, code of its own, a pickle."""
    model = hubert(folder, rate=24000)
    state = {}
    for name, value in model.state_dict().items():  # the older names of weight normalisation
        name = name.replace("parametrizations.weight.original0", "weight_g")
        state[name.replace("parametrizations.weight.original1", "weight_v")] = value
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")
    edit_config(folder, model_type="mert_model", feature_extractor_cqt=False, deepnorm=False)
    bring_code(folder)
    return model


def bring_code(folder: Path) -> Path:
    """Let a model bring Python code that leaves a file behind when it runs."""
    trace = folder.parent / "the code ran"
    code = f"open({str(trace)!r}, 'w')\nfrom transformers import HubertConfig, HubertModel\n"
    code += "class Config(HubertConfig):\n    model_type = 'strange'\n"
    code += "class Model(HubertModel):\n    config_class = Config\n"
    (folder / "strange.py").write_text(code)
    edit_config(folder, auto_map={"AutoConfig": "strange.Config", "AutoModel": "strange.Model"})
    return trace


def edit_config(folder: Path, **changes: Any) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))

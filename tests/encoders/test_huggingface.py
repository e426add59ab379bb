from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_models
import torch
import transformers

from workbench.encoders.huggingface.encoder import HuggingFaceEncoder, windows
from workbench.encoders.huggingface.folder import open_model
from workbench.errors import MediaError, NotReadyError, WorkbenchError

RATE = tiny_models.RATE
Model = transformers.PreTrainedModel


@pytest.fixture(scope="module")
def hubert(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Model]:
    folder = tmp_path_factory.mktemp("models") / "hubert"
    return folder, tiny_models.hubert(folder)


def noise(seconds: float, rate: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(scale=0.1, size=int(seconds * rate)).astype(np.float32)


def states(model: Model, folder: Path, samples: np.ndarray) -> list[np.ndarray]:
    """Return the means over time of all hidden states, by transformers itself."""
    extract = transformers.AutoFeatureExtractor.from_pretrained(folder)
    inputs = extract(samples, sampling_rate=extract.sampling_rate, return_tensors="pt")
    with torch.no_grad():
        found = model(inputs.input_values, output_hidden_states=True).hidden_states
    return [state[0].numpy().mean(axis=0) for state in found]


# -- what it computes ------------------------------------------------------------------------------


def test_by_default_it_takes_the_last_layer(hubert: tuple[Path, Model]) -> None:
    folder, model = hubert
    encoder = HuggingFaceEncoder(folder)
    assert (encoder.sample_rate, encoder.dim, encoder.window_s) == (RATE, 16, 5)
    assert encoder.licence == "cc-by-nc-4.0"
    sounds = [noise(4, RATE), noise(2, RATE, 1)]
    with torch.no_grad():
        normal = [torch.from_numpy((s - s.mean()) / s.std())[None] for s in sounds]
        last = [model(s).last_hidden_state[0].mean(dim=0).numpy() for s in normal]
    np.testing.assert_allclose(encoder.encode(sounds), last, atol=1e-5)
    assert encoder.encode([]).shape == (0, 16)


def test_layers_are_blocks_and_windows_count_by_their_length(hubert: tuple[Path, Model]) -> None:
    folder, model = hubert
    encoder = HuggingFaceEncoder(folder, layers=[3, 0], window_s=4)
    assert encoder.blocks == {"layer 3": slice(0, 16), "layer 0": slice(16, 32)}
    sound = noise(10.5, RATE)
    parts = [sound[: 4 * RATE], sound[4 * RATE : 8 * RATE], sound[8 * RATE :]]
    found = [states(model, folder, part) for part in parts]
    means = [np.concatenate([f[3], f[0]]) for f in found]
    expected = (4 * means[0] + 4 * means[1] + 2.5 * means[2]) / 10.5
    np.testing.assert_allclose(encoder.encode([sound])[0], expected, atol=1e-5)


def test_another_architecture_loads_the_same_way(tmp_path: Path) -> None:
    model = tiny_models.wav2vec2(tmp_path / "w")
    sound = noise(3, RATE)
    np.testing.assert_allclose(
        HuggingFaceEncoder(tmp_path / "w", layers=[2]).encode([sound])[0],
        states(model, tmp_path / "w", sound)[2],
        atol=1e-5,
    )


def test_clap_gives_the_audio_features(tmp_path: Path) -> None:
    model = tiny_models.clap(tmp_path / "clap")
    encoder = HuggingFaceEncoder(tmp_path / "clap")
    assert (encoder.sample_rate, encoder.dim, encoder.window_s) == (48000, 32, 10)
    assert encoder.licence == "apache-2.0"
    sound = noise(15, 48000)
    extract = transformers.ClapFeatureExtractor.from_pretrained(tmp_path / "clap")
    features = []
    for part in (sound[:480000], sound[480000:]):
        with torch.no_grad():
            found = model.get_audio_features(
                **extract(part, sampling_rate=48000, return_tensors="pt")
            )
        features.append(getattr(found, "pooler_output", found)[0].numpy())
    expected = (2 * features[0] + features[1]) / 3
    np.testing.assert_allclose(encoder.encode([sound])[0], expected, atol=1e-5)
    assert np.linalg.norm(encoder.encode([sound[:480000]])) == pytest.approx(1, abs=1e-5)
    with pytest.raises(WorkbenchError, match="at most 10 s"):
        HuggingFaceEncoder(tmp_path / "clap", window_s=12)
    with pytest.raises(WorkbenchError, match="layers cannot be chosen"):
        HuggingFaceEncoder(tmp_path / "clap", layers=[1])


def test_mert_needs_none_of_its_code(tmp_path: Path) -> None:
    model = tiny_models.mert(tmp_path / "mert")
    with pytest.raises(WorkbenchError, match="--allow-pickle"):
        HuggingFaceEncoder(tmp_path / "mert")
    encoder = HuggingFaceEncoder(tmp_path / "mert", layers=[1, 2], allow_pickle=True)
    assert encoder.sample_rate == 24000
    sound = noise(3, 24000)
    found = states(model, tmp_path / "mert", sound)
    np.testing.assert_allclose(
        encoder.encode([sound])[0], np.concatenate([found[1], found[2]]), atol=1e-5
    )
    assert not (tmp_path / "the code ran").exists()


@pytest.mark.parametrize(
    ("samples", "lengths"),
    [(1, [10]), (9, [10]), (10, [10]), (39, [30]), (41, [30, 11]), (60, [30, 30])],
)
def test_windows(samples: int, lengths: list[int]) -> None:
    assert [len(part) for part in windows(np.ones(samples), 10, 3.0)] == lengths


def test_an_empty_sound_is_refused(hubert: tuple[Path, Model]) -> None:
    with pytest.raises(MediaError):
        HuggingFaceEncoder(hubert[0]).encode([np.zeros(0, np.float32)])


# -- what it refuses -------------------------------------------------------------------------------


def test_code_of_the_model_runs_only_where_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "strange"
    tiny_models.hubert(folder)
    trace = tiny_models.bring_code(folder)
    tiny_models.edit_config(folder, model_type="strange")
    with pytest.raises(WorkbenchError, match=r"--trust-remote-code\.$"):
        HuggingFaceEncoder(folder)
    assert not trace.exists()
    monkeypatch.setattr(transformers.dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "m"))
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert HuggingFaceEncoder(folder, trust_remote_code=True).dim == 16
    assert trace.exists()


def test_pickled_weights_are_refused_and_never_code(tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    model = tiny_models.hubert(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(WorkbenchError, match="holds no weights"):
        HuggingFaceEncoder(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(WorkbenchError, match=r"pickled weights only.*--allow-pickle\.$"):
        HuggingFaceEncoder(folder)
    assert HuggingFaceEncoder(folder, allow_pickle=True).dim == 16

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return open, (str(tmp_path / "evil"), "w")

    torch.save({"encoder": Evil()}, folder / "pytorch_model.bin")
    with pytest.raises(WorkbenchError, match="cannot be loaded"):
        HuggingFaceEncoder(folder, allow_pickle=True)
    assert not (tmp_path / "evil").exists()


def test_missing_weights_are_told_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tiny_models.hubert(tmp_path / "h")
    file = tmp_path / "h" / "model.safetensors"
    kept = {k: v for k, v in load_file(file).items() if "layers.1.attention" not in k}
    save_file(kept, file, metadata={"format": "pt"})
    with pytest.raises(WorkbenchError, match=r"lacks 8 of its network's weights"):
        HuggingFaceEncoder(tmp_path / "h")


def test_what_is_no_audio_encoder_is_told(tmp_path: Path, hubert: tuple[Path, Model]) -> None:
    text = transformers.BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9
    )
    tiny_models.save(transformers.BertModel(text), tmp_path / "text")
    with pytest.raises(WorkbenchError, match="type 'bert', which gives no vectors of sound"):
        HuggingFaceEncoder(tmp_path / "text")
    (tmp_path / "text" / "preprocessor_config.json").unlink()
    with pytest.raises(WorkbenchError, match=r"preprocessor_config\.json"):
        HuggingFaceEncoder(tmp_path / "text")
    (tmp_path / "text" / "config.json").write_text("{")
    with pytest.raises(WorkbenchError, match="damaged"):
        HuggingFaceEncoder(tmp_path / "text")
    (tmp_path / "text" / "config.json").unlink()
    with pytest.raises(WorkbenchError, match=r"no config\.json"):
        HuggingFaceEncoder(tmp_path / "text")
    with pytest.raises(WorkbenchError, match="There is no folder"):
        HuggingFaceEncoder(tmp_path / "nowhere")
    with pytest.raises(WorkbenchError, match="layers 0 to 3, not 4"):
        HuggingFaceEncoder(hubert[0], layers=[4])
    with pytest.raises(WorkbenchError, match="at least 3 s"):
        HuggingFaceEncoder(hubert[0], window_s=2)


def test_muq_without_its_package_names_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"encoder_dim": 8, "encoder_depth": 1}))
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(NotReadyError, match="pip install muq"):
        HuggingFaceEncoder(tmp_path)


# -- the hub, as far as that goes without a network ------------------------------------------------


def test_without_transformers_one_sentence_names_the_extra(
    hubert: tuple[Path, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(NotReadyError, match=r"music-similarity-workbench\[encoders\]"):
        HuggingFaceEncoder(hubert[0])
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(NotReadyError, match=r"music-similarity-workbench\[encoders\]"):
        HuggingFaceEncoder("somebody/something")


def test_an_unreachable_hub_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NotReadyError, match=r"huggingface\.co does not answer"):
        open_model("somebody/something")


def test_what_can_run_code_is_not_even_fetched(
    hubert: tuple[Path, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked = []

    def fetch(model: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((model, revision, set(allow_patterns)))
        return str(hubert[0])

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    found = open_model("somebody/something", revision="abc")
    assert (found.name, found.commit) == ("somebody/something", "hubert")
    open_model("somebody/something", weights=False)
    open_model("somebody/something", trust_remote_code=True, allow_pickle=True)
    base = {"*.json", "README.md"}
    assert asked[0] == ("somebody/something", "abc", base | {"*.safetensors"})
    assert asked[1][2] == base
    assert asked[2][2] >= {"*.py", "*.bin", "*.safetensors"}

"""musicnn (Pons and Serra 2019, ISC licence): its weights without TensorFlow."""

"""The layers that Keras has not."""

import keras


@keras.saving.register_keras_serializable("mildnet")
class L2Normalize(keras.layers.Layer):
    """Scale (n, d) vectors to unit length; a vector shorter than `epsilon` is divided by `epsilon`.

    A vector of zeros, which a relu before this layer can give, so stays one, and its gradient stays finite.
    """

    def __init__(self, epsilon: float = 1e-6, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, vectors: keras.KerasTensor) -> keras.KerasTensor:
        squares = keras.ops.sum(keras.ops.square(vectors), axis=-1, keepdims=True)  # (n, 1)
        return vectors * keras.ops.rsqrt(keras.ops.maximum(squares, self.epsilon**2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "epsilon": self.epsilon}

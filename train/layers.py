"""The layers that Keras has not."""

import keras


@keras.saving.register_keras_serializable("mildnet")
class L2Normalize(keras.layers.Layer):
    """Scale (n, d) vectors to unit length, float32; a vector shorter than `epsilon` is divided by `epsilon`.

    A vector of zeros, which a relu before this layer can give, so stays one, and its gradient stays finite.
    """

    def __init__(self, epsilon: float = 1e-6, **kwargs: object) -> None:
        # Under every dtype policy: in half precision a unit vector is off by more than distances may be.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.epsilon = epsilon

    def call(self, vectors: keras.KerasTensor) -> keras.KerasTensor:
        squares = keras.ops.sum(keras.ops.square(vectors), axis=-1, keepdims=True)  # (n, 1)
        return vectors * keras.ops.rsqrt(keras.ops.maximum(squares, self.epsilon**2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, object]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("mildnet")
class LocalResponseNormalization(keras.layers.Layer):
    """Divide (n, height, width, channels) maps by (k + alpha x sum of squares over `window` channels) ** beta.

    The window is centred on the channel and cut at the first and the last one. `alpha` is not divided by the window,
    which Caffe does.

    Source: Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012, section 3.3.
    """

    def __init__(
        self, window: int = 5, alpha: float = 1e-4, k: float = 2.0, beta: float = 0.75, **kwargs: object
    ) -> None:
        if window < 1 or window % 2 == 0:
            raise ValueError(f"window must be an odd number of channels. Received: window={window}")
        super().__init__(**kwargs)
        self.window = window
        self.alpha = alpha
        self.k = k
        self.beta = beta

    def call(self, maps: keras.KerasTensor) -> keras.KerasTensor:
        maps = keras.ops.cast(maps, "float32")  # The squares of half precision overflow.
        half, channels = self.window // 2, maps.shape[-1]
        squares = keras.ops.pad(keras.ops.square(maps), [(0, 0), (0, 0), (0, 0), (half, half)])
        summed = sum(squares[..., shift : shift + channels] for shift in range(self.window))  # (n, h, w, channels)
        return keras.ops.cast(maps * keras.ops.power(self.k + self.alpha * summed, -self.beta), self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, object]:
        own = {"window": self.window, "alpha": self.alpha, "k": self.k, "beta": self.beta}
        return {**super().get_config(), **own}

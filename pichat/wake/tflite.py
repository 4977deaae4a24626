"""One TensorFlow Lite model at a time, through the library that the wake words' wheels carry.

The wheels' own classes are not used: they hand a file that cannot be read on as a null pointer,
and their features compute only forwards, while a verifier has to look back.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyopen_wakeword
from numpy.typing import NDArray

from pichat.errors import ConfigError

_MAGIC = slice(4, 8), b"TFL3"
_TYPES: dict[int, type[np.generic]] = {1: np.float32, 3: np.uint8, 9: np.int8}
_LOGITS_BEFORE_OUTPUT = 3  # how far before the output tensor its logit is looked for


class Quantisation(ctypes.Structure):
    """value = (stored - zero) * scale; a scale of 0 means that it is stored as it is."""

    _fields_ = (("scale", ctypes.c_float), ("zero", ctypes.c_int32))


class Tensor:
    """One tensor of a network, with real numbers in and out whatever it stores."""

    def __init__(self, library: Any, handle: int) -> None:
        self._library = library
        self._handle = handle
        count = library.TfLiteTensorNumDims(handle)
        self.shape = tuple(library.TfLiteTensorDim(handle, axis) for axis in range(count))
        self.type = _TYPES.get(library.TfLiteTensorType(handle))
        quantisation = library.TfLiteTensorQuantizationParams(handle)
        self._scale, self._zero = float(quantisation.scale), int(quantisation.zero)
        self._values = np.zeros(self.shape, self.type or np.uint8)
        self._pointer = self._values.ctypes.data_as(ctypes.c_void_p)
        self._limits = np.iinfo(self._values.dtype) if self._values.dtype != np.float32 else None

    def write(self, values: NDArray[np.float32]) -> None:
        """`values` in the tensor's shape, or one with the same number of values."""
        if self._scale and self._limits:
            stored = np.rint(values / self._scale + self._zero)
            values = np.minimum(np.maximum(stored, self._limits.min), self._limits.max)
        self._values[...] = values.reshape(self.shape)
        self._library.TfLiteTensorCopyFromBuffer(self._handle, self._pointer, self._values.nbytes)

    def read(self) -> NDArray[np.float32]:
        """A copy of the tensor's values."""
        self._library.TfLiteTensorCopyToBuffer(self._handle, self._pointer, self._values.nbytes)
        values = self._values.astype(np.float32)
        if self._scale:
            values = (values - np.float32(self._zero)) * np.float32(self._scale)
        return values

    def value(self) -> float:
        """The value of a tensor that has only one."""
        self._library.TfLiteTensorCopyToBuffer(self._handle, self._pointer, self._values.nbytes)
        stored = float(self._values.item())
        return (stored - self._zero) * self._scale if self._scale else stored


class Network:
    """A model that is loaded. `input_shape` sets another than its own.

    Raises ConfigError with the reason, after the file's name, when the file is no such model.
    """

    def __init__(self, file: Path, input_shape: Sequence[int] = ()) -> None:
        self._library = library = _library()
        self._data = _read(file)
        model = library.TfLiteModelCreate(self._data, len(self._data))
        if not model:
            raise ConfigError(f"{file.name} is damaged: it may not have been copied to its end.")
        options = library.TfLiteInterpreterOptionsCreate()
        library.TfLiteInterpreterOptionsSetNumThreads(options, 1)
        self._interpreter = library.TfLiteInterpreterCreate(model, options)
        library.TfLiteInterpreterOptionsDelete(options)
        self._delete = weakref.finalize(self, _delete, library, model, self._interpreter)
        if not self._interpreter or not self._allocate(tuple(input_shape)):
            self.close()
            raise ConfigError(f"{file.name} is damaged, or for other programs than wake words.")
        self.input = Tensor(library, library.TfLiteInterpreterGetInputTensor(self._interpreter, 0))
        self.output = Tensor(
            library, library.TfLiteInterpreterGetOutputTensor(self._interpreter, 0)
        )

    def run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for one input."""
        self._invoke(values)
        return self.output.read()

    def score(self, values: NDArray[np.float32]) -> float:
        """The output, 0 to 1, of a network that has one value to say for one input."""
        self._invoke(values)
        score = self.output.value()
        return min(1.0, score) if score > 0 else 0.0  # a damaged one may say what is no number

    def logit(self) -> Tensor | None:
        """The tensor whose sigmoid the output is, when it can be found: a quantised output has 256
        steps, and what is unlikely all looks alike on them."""
        library, interpreter = self._library, self._interpreter
        last: int = library.TfLiteInterpreterOutputTensorIndices(interpreter)[0]
        for index in range(last - 1, last - 1 - _LOGITS_BEFORE_OUTPUT, -1):
            handle = library.TfLiteInterpreterGetTensor(interpreter, index)
            tensor = Tensor(library, handle) if handle else None
            if tensor and tensor.type and tensor.shape == self.output.shape:
                expected = 1 / (1 + np.exp(-tensor.read()))
                if np.allclose(expected, self.output.read(), atol=0.01):
                    return tensor
        return None

    def close(self) -> None:
        self._delete()

    def _invoke(self, values: NDArray[np.float32]) -> None:
        self.input.write(values)
        self._library.TfLiteInterpreterInvoke(self._interpreter)

    def _allocate(self, input_shape: tuple[int, ...]) -> bool:
        library, interpreter = self._library, self._interpreter
        if input_shape:
            dimensions = (ctypes.c_int32 * len(input_shape))(*input_shape)
            if library.TfLiteInterpreterResizeInputTensor(
                interpreter, 0, dimensions, len(input_shape)
            ):
                return False
        if library.TfLiteInterpreterAllocateTensors(interpreter):
            return False
        inputs: int = library.TfLiteInterpreterGetInputTensorCount(interpreter)
        outputs: int = library.TfLiteInterpreterGetOutputTensorCount(interpreter)
        return inputs == 1 and outputs >= 1


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file.name} cannot be read: {error.strerror}.") from error
    where, magic = _MAGIC
    if data[where] != magic:
        raise ConfigError(f"{file.name} is not a TensorFlow Lite model.")
    return data


def _delete(library: Any, model: int, interpreter: int | None) -> None:
    if interpreter:
        library.TfLiteInterpreterDelete(interpreter)
    library.TfLiteModelDelete(model)


@cache
def _library() -> Any:
    """The C API of TensorFlow Lite with its signatures declared."""
    folder = Path(pyopen_wakeword.__file__).parent / "lib"
    library = ctypes.CDLL(str(next(folder.glob("*tensorflowlite_c.*"))))
    pointer, integer, size = ctypes.c_void_p, ctypes.c_int32, ctypes.c_size_t
    for name, result, *arguments in (
        ("TfLiteModelCreate", pointer, ctypes.c_char_p, size),
        ("TfLiteModelDelete", None, pointer),
        ("TfLiteInterpreterOptionsCreate", pointer),
        ("TfLiteInterpreterOptionsSetNumThreads", None, pointer, integer),
        ("TfLiteInterpreterOptionsDelete", None, pointer),
        ("TfLiteInterpreterCreate", pointer, pointer, pointer),
        ("TfLiteInterpreterDelete", None, pointer),
        ("TfLiteInterpreterAllocateTensors", integer, pointer),
        ("TfLiteInterpreterInvoke", integer, pointer),
        ("TfLiteInterpreterGetInputTensorCount", integer, pointer),
        ("TfLiteInterpreterGetInputTensor", pointer, pointer, integer),
        ("TfLiteInterpreterGetOutputTensorCount", integer, pointer),
        ("TfLiteInterpreterGetOutputTensor", pointer, pointer, integer),
        ("TfLiteInterpreterOutputTensorIndices", ctypes.POINTER(integer), pointer),
        ("TfLiteInterpreterGetTensor", pointer, pointer, integer),
        ("TfLiteInterpreterResizeInputTensor", integer, pointer, integer, pointer, integer),
        ("TfLiteTensorNumDims", integer, pointer),
        ("TfLiteTensorDim", integer, pointer, integer),
        ("TfLiteTensorType", integer, pointer),
        ("TfLiteTensorQuantizationParams", Quantisation, pointer),
        ("TfLiteTensorCopyFromBuffer", integer, pointer, pointer, size),
        ("TfLiteTensorCopyToBuffer", integer, pointer, pointer, size),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library

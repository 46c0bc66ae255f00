"""Factors in bfloat16: rounding, the file around it, and what is refused."""

import json
import math
import random
import struct
import unittest

import scripts  # noqa: F401
from shipping.factors import in_bfloat16
from shipping.refusal import Refusal


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def one_tensor(*numbers: float) -> bytes:
    data = struct.pack(f"<{len(numbers)}f", *numbers)
    return safetensors({"a": {"dtype": "F32", "shape": [len(numbers)], "data_offsets": [0, len(data)]}}, data)


def read(content: bytes) -> "tuple[dict, bytes]":
    length = struct.unpack_from("<Q", content)[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def numbers_of(content: bytes) -> "list[float]":
    """What the bfloat16 numbers of a file stand for."""
    data = read(content)[1]
    words = struct.unpack(f"<{len(data) // 2}H", data)
    return list(struct.unpack(f"<{len(words)}f", b"".join(struct.pack("<I", word << 16) for word in words)))


class FactorTests(unittest.TestCase):
    def test_numbers_are_rounded_to_the_nearest_and_ties_to_even(self) -> None:
        step = 2.0**-7  # between the numbers from 1 on
        cases = [
            (0.0, 0.0), (-0.0, -0.0), (1.0, 1.0), (-1.5, -1.5),
            (1 + step * 0.49, 1.0), (1 + step * 0.51, 1 + step),
            (1 + step * 0.5, 1.0), (1 + step * 1.5, 1 + 2 * step), (-1 - step * 1.5, -1 - 2 * step),
            (2.0**-149, 0.0), (2.0**-126, 2.0**-126), (1.99999, 2.0),
        ]
        found = numbers_of(in_bfloat16(one_tensor(*(number for number, _ in cases)), "f"))
        for (number, expected), rounded in zip(cases, found):
            self.assertEqual((rounded, math.copysign(1, rounded)), (expected, math.copysign(1, expected)), number)

    def test_no_rounded_number_is_farther_than_half_a_step(self) -> None:
        generator = random.Random(1)
        drawn = [generator.gauss(0, 1) * 10 ** generator.uniform(-20, 20) for _ in range(2000)]
        numbers = struct.unpack("<2000f", struct.pack("<2000f", *drawn))
        for number, rounded in zip(numbers, numbers_of(in_bfloat16(one_tensor(*numbers), "f"))):
            self.assertLessEqual(abs(number - rounded), abs(number) * 2.0**-8)

    def test_tensors_keep_names_shapes_order_and_metadata(self) -> None:
        data = struct.pack("<6f", 1, 2, 3, 4, 5, 6)
        header = {
            "__metadata__": {"format": "pt"},
            "second": {"dtype": "F32", "shape": [2, 2], "data_offsets": [8, 24]},
            "first": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
        }
        converted = in_bfloat16(safetensors(header, data), "f")
        found, _ = read(converted)
        self.assertEqual(
            found,
            {
                "__metadata__": {"format": "pt"},
                "first": {"dtype": "BF16", "shape": [1, 2], "data_offsets": [0, 4]},
                "second": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [4, 12]},
            },
        )
        self.assertEqual(numbers_of(converted), [1, 2, 3, 4, 5, 6])
        self.assertEqual(struct.unpack_from("<Q", converted)[0] % 8, 0)
        # What is bfloat16 stays as it is, to the byte.
        self.assertEqual(in_bfloat16(converted, "f"), converted)

    def test_what_is_no_finite_number_is_refused_with_its_place(self) -> None:
        for number in (math.inf, -math.inf, math.nan, 3.4e38):
            with self.subTest(number=number):
                with self.assertRaisesRegex(Refusal, r"f: tensor a\[1\] is .*, expected a finite number"):
                    in_bfloat16(one_tensor(1, number), "f")

    def test_what_is_no_adapters_file_is_refused(self) -> None:
        def entry(**changes: object) -> bytes:
            tensor = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}
            return safetensors({"a": tensor}, bytes(8))

        cases = [
            (b"", "has 0 bytes"),
            (struct.pack("<Q", 2**63) + b"{}", "header has 9223372036854775808 bytes, of 10"),
            (safetensors(b"{"), "not JSON"),
            (safetensors([]), "no object"),
            (safetensors({}), "no tensors"),
            (safetensors({"a": 1}), "described by 1"),
            (entry(dtype="F16"), "of the type F16, expected F32 or BF16"),
            (entry(shape=[3]), "bytes 0 to 8 of 8, expected 12"),
            (entry(data_offsets=[0, 12], shape=[3]), "bytes 0 to 12 of 8"),
            (entry(data_offsets=[-8, 0]), "bytes -8 to 0"),
            (entry(data_offsets=[0]), "described by"),
            (entry(shape="ab"), "described by"),
        ]
        for content, message in cases:
            with self.subTest(message=message), self.assertRaisesRegex(Refusal, message):
                in_bfloat16(content, "f")

    def test_damaged_files_are_refused_and_nothing_else(self) -> None:
        generator = random.Random(2)
        sound = one_tensor(*range(8))
        for _ in range(2000):
            damaged = bytearray(sound)
            for _ in range(generator.randint(1, 4)):
                damaged[generator.randrange(len(damaged))] = generator.randrange(256)
            try:
                in_bfloat16(bytes(damaged[: generator.randint(0, len(damaged))]), "f")
            except Refusal:
                pass


if __name__ == "__main__":
    unittest.main()

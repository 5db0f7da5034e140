"""Pictures handed to a page's script."""

import base64

import numpy as np

TO_PICTURE = """
const toPicture = ({ width, height, bytes }) => {
  const from = atob(bytes);
  const channels = from.length / (width * height);
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let place = 0; place < 4 * width * height; place++) {
    const channel = Math.min(place % 4, channels - 1);
    if (place % 4 < 3) data[place] = from.charCodeAt(channels * (place >> 2) + channel);
  }
  return { data, width, height };
};
"""
"""What makes the page's pictures, as ImageData, of `packed` ones."""


def packed(image):
    """Return a picture, [height, width, channels] or [height, width] uint8, as a page takes it."""
    image = np.ascontiguousarray(image, np.uint8)
    return {"width": image.shape[1], "height": image.shape[0], "bytes": base64.b64encode(image).decode()}

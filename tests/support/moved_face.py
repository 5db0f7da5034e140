"""The portrait, moved by known amounts."""

import cv2
import numpy as np

from bpdemo.synthesis.portrait import load_portrait

SIDE = 480


def portrait_in_picture():
    """Return the portrait in a picture of `SIDE`, [SIDE, SIDE, 3] float, and its landmarks there, [478, 2] float32."""
    portrait = load_portrait(200)
    shift = np.array([SIDE / 2, SIDE / 2]) - portrait.face_centre
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    picture = cv2.warpAffine(portrait.picture, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return picture, (portrait.landmarks + shift).astype(np.float32)


def moved(face, right=0.0, down=0.0, turn=0.0, zoom=1.0, gain=1.0, noise=1.5, seed=0):
    """Return the picture moved (pixels, degrees, factor), in other light, and where its landmarks are then."""
    picture, landmarks = face
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn, zoom)
    matrix[:, 2] += right, down
    picture = cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    picture = gain * picture + np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(np.round(picture), 0, 255).astype(np.uint8), landmarks @ matrix[:, :2].T + matrix[:, 2]


def away(carried, expected):
    """Return the mean distance of landmarks from where they should be, [images] in pixels."""
    return np.linalg.norm(carried - np.array(expected), axis=2).mean(axis=1)

import numpy as np

from aigc.models.shapes.weather import weather

UP, DOWN = (0, 1, 0), (0, -1, 0)


def weathered(kind):
    color, surface = np.full((2, 3), 0.5, np.float32), np.full((2, 2), 0.5, np.float32)
    weather(color, surface, np.zeros((2, 3), np.float32), np.array([UP, DOWN], np.float32), {kind})
    return color


def test_snow_and_moss_lie_on_what_faces_up():
    snow, moss = weathered("snow"), weathered("moss")

    assert snow[0].min() > 0.8 and np.allclose(snow[1], 0.5)
    assert moss[0, 1] > moss[0, 2] + 0.1 and np.allclose(moss[1], 0.5)


def test_without_weather_nothing_changes():
    assert np.allclose(weathered("sun"), 0.5)

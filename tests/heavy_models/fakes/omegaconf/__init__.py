import json


class Config(dict):
    __getattr__ = dict.__getitem__


class OmegaConf:
    @staticmethod
    def load(path):
        with open(path) as file:
            return json.load(file, object_hook=Config)

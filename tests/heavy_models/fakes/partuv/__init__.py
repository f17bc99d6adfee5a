from types import SimpleNamespace


def pipeline_numpy(V, F, tree_dict, configPath, threshold=1.25):
    assert tree_dict == {"tree": 1} and configPath.endswith("config/config.yaml")
    part = SimpleNamespace(V=V, F=F, threshold=threshold, num_components=3, distortion=1.1)
    return part, [part, part]

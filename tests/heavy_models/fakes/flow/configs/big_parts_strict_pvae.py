from types import SimpleNamespace


def make_config():
    return SimpleNamespace(vae_ckpt_path="pretrained/vae.pt", latent_size=4)

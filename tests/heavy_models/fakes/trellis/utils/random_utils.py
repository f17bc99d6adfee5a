def sphere_hammersley_sequence(n, num_samples, offset=(0, 0)):
    return [0.06 * n, n / num_samples]

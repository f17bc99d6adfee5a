def inpaint(pipeline, image_path, mask_path, output_path, prompt, height=1024, width=1024, guidance_scale=30,
            num_inference_steps=50, max_sequence_length=512, seed=0):  # fmt: skip
    for _ in range(num_inference_steps):
        pipeline.transformer(0)
    with open(image_path) as image, open(mask_path) as mask, open(output_path, "w") as output:
        output.write(f"{prompt} in {mask.read()} of {image.read()}")

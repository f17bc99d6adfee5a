"""Prompts as people write them. What is empty, or no text, the gateway refuses."""

ODD = {
    "a word": "chair",
    "German": "ein kleiner roter Stuhl aus Holz",
    "Japanese": "赤い木の椅子",
    "Arabic": "كرسي خشبي أحمر صغير",
    "Hindi": "एक छोटी लाल लकड़ी की कुर्सी",
    "emoji": "🪑🔥👩‍👩‍👧‍👦",
    "combined letters": "cha" + "́" * 200 + "ir",
    "no letters": "!!! ??? ... 123",
    "control characters": "a\u200b red\u202e chair\u0007\u0000",
    "ten thousand characters": "a red chair with a golden dragon and " * 270,
    "one word of ten thousand letters": "x" * 10_000,
    "another language's command": "'; DROP TABLE jobs; -- <script>alert(1)</script> {{7*7}} $(rm -rf /)",
    "numbers beyond reason": "a chair with 999999999999 legs and -5 arms",
}

"""Prompts whose fate is known: what the library has in other words, and what nothing here can be.

The limits of `understanding` were set on the first lists; those named HELD were written afterwards, to measure by.
"""

IN_LIBRARY = {
    # the thing is named, with words around it
    "a red wooden chair with three legs": "chair", "an old kitchen chair painted white": "chair",
    "a swivelling office chair": "chair", "a medieval castle with four towers on a hill": "castle",
    "a cosy cottage with a thatched roof": "house", "two blue mugs": "mug", "a chubby orange cat": "cat",
    "a small brown puppy with floppy ears": "dog", "a scruffy terrier": "dog", "a rusty pickup": "truck",
    "low poly pine tree": "pine", "a gnarled oak": "tree", "a bonsai tree": "tree", "a steampunk robot": "robot",
    "a pointy wizard hat": "hat", "a viking helmet": "helmet", "a muddy hiking boot": "boot",
    "an ornate silver goblet": "goblet", "a porcelain vase with blue flowers": "vase", "a rubber duckling": "duck",
    "a battered treasure chest": "chest", "a cyberpunk motorbike": "motorcycle", "a hovering ufo": "ufo",
    "an upright piano": "piano", "a djembe": "drum", "a ukulele": "guitar", "an electric guitar": "guitar",
    "a sparkling diamond": "crystal", "a snow-capped mountain": "mountain", "a smoking volcano": "mountain",
    "a mossy boulder": "rock", "a cactus in a terracotta pot": "cactus", "a bouquet with one tulip": "flower",
    "a spotted toadstool": "mushroom", "a curly piglet": "pig", "a fluffy lamb": "sheep",
    "a galloping stallion": "horse", "a striped zebra": "horse", "a magical unicorn": "horse",
    "a long-necked giraffe": "giraffe", "a grazing cow": "cow", "a slithering cobra": "snake",
    "a sea turtle": "turtle", "a monarch butterfly": "butterfly", "a barn owl": "bird", "a colourful parrot": "bird",
    "an emperor penguin": "penguin", "a great white shark": "fish", "a clownfish or goldfish": "fish",
    "a fire-breathing dragon": "dinosaur", "a vintage convertible": "car", "a yellow taxi": "car",
    "a double-decker bus": "bus", "a mountain bike": "bicycle", "a striped lighthouse by the sea": "lighthouse",
    "an old dutch windmill": "windmill", "a wishing well": "well", "a jolly snowman": "snowman",
    "a spooky ghost": "ghost", "a tree frog": "frog", "a garden snail": "snail", "a hairy tarantula": "spider",
    "a shiny red apple": "apple", "a carved pumpkin": "apple", "a ripe banana": "banana",
    "a three-tier wedding cake": "cake", "a juicy cheeseburger": "burger", "a double scoop ice cream cone": "icecream",
    "a glazed doughnut": "donut", "a pepperoni pizza": "pizza", "a bar stool": "stool",
    "a leather armchair": "armchair",
    "a velvet sofa": "sofa", "a round dining table": "table", "a cluttered writing desk": "desk",
    "a four-poster bed": "bed", "a park bench": "bench", "a gothic cathedral": "church", "a camping tent": "tent",
    "a glass skyscraper": "skyscraper", "a farm tractor": "tractor", "a ww2 tank": "tank", "a pirate cannon": "cannon",
    "a nuclear submarine": "submarine", "a church bell": "bell", "a knight in plate armour": "person",
    "a stone bridge with three arches": "bridge", "a baroque fountain": "fountain", "a rusty anchor": "anchor",
    "a human skull": "skull", "a soccer ball": "ball", "a red heart": "heart", "a five-pointed star": "star",
    "a tropical palm": "palm", "a humpback whale": "whale", "a giant kraken": "octopus", "a red lobster": "crab",
    "a tall bookcase": "bookshelf", "a wardrobe with mirrored doors": "cabinet", "a reading lamp": "lamp",
    "a cardboard box": "crate", "a wrapped birthday present": "gift", "a leather-bound book": "book",
    "a dripping candle": "candle", "a paper lantern": "lantern", "a jewelled crown": "crown",
    "an alarm clock": "clock", "a polaroid camera": "camera", "a gaming laptop": "computer",
    "a samurai katana": "sword", "a round viking shield": {"shield", "helmet"}, "a sledgehammer": "hammer",
    "a lumberjack's axe": "axe", "an ornate key": "key", "a beach umbrella": "umbrella",
    "a steam locomotive": "train", "a jumbo jet": "airplane", "a rescue helicopter": "helicopter",
    "a saturn v rocket": "rocket", "a pirate ship with black sails": "ship", "a hot air balloon": "balloon",
    "a whistling kettle": "teapot", "a wine bottle": "bottle", "a beer keg": "barrel", "a galvanised bucket": "bucket",
    "a salad bowl": "bowl", "a bubbling cauldron": "cauldron", "a bear cub": "bear", "a woolly mammoth": "elephant",
    "an easter bunny": "rabbit", "a 3d model of a chair for a game": "chair", "teapots": "teapot",
    "Please make me a nice little house": "house", "A KING ON HIS THRONE": {"person", "armchair"},
    "chair, oak, rustic, high quality, 4k, octane render": "chair",
    # the thing is not named
    "something to sit on at the kitchen table": {"chair", "table", "stool"}, "a place to sleep": "bed",
    "man's best friend": "dog", "kitty": "cat", "a passenger plane": "airplane", "a vehicle with two wheels": {
        "bicycle", "motorcycle"}, "it flies to outer space": {"rocket", "ufo"}, "Boeing 747": "airplane",
    "a ferrari": "car", "a volkswagen beetle": {"car", "butterfly"}, "a cruise liner": "ship", "a canoe": "ship",
    "a german shepherd": "dog", "a poodle": "dog", "a siamese": "cat", "a stegosaurus": "dinosaur", "a sneaker": "boot",
    "a samurai warrior": "person", "a ballerina": "person", "a firefighter": "person", "a nurse": "person",
    "the eiffel tower": "tower", "a bungalow": "house", "a rowing boat": "ship", "a fir with christmas lights": "pine",
    "a daffodil": "flower", "an orchid": "flower", "a cheetah running": "cat", "a stein of beer": {"mug", "barrel"},
    "a locomotive pulling wagons": "train", "a piggy": "pig", "a teddy": "bear", "a croissant sandwich": "burger",
    "a fruit that is yellow and curved": "banana", "an old telly": "computer", "a rainproof thing to hold overhead":
        "umbrella", "a weapon of a knight": {"sword", "shield", "axe", "helmet"}, "a hiking shoe": "boot",
    "a monarch's headwear": {"crown", "hat"}, "a ladybird": "butterfly",
    "a magnolia tree": "tree", "a hatchback": "car", "an armoured troop carrier": "tank", "a chihuahua": "dog",
    "a lamborghini": "car", "a hummingbird": "bird", "a woodpecker": "bird", "a stingray": "fish",
    "a bumblebee": "butterfly", "a snowmobile": {"motorcycle", "car", "truck"},
}  # fmt: skip
"""A prompt -> the shape, or the shapes any of which would do."""

NONSENSE = [
    "flurble", "a flurble", "a red flurble", "xqzzt blorf wuggle", "glorp", "a shiny glorp with snarfs", "snorkwaffle",
    "brillig slithy toves", "a mimsy borogove", "jabberwocky", "the vorpal frumious thing", "zibzab", "blibber",
    "a wooden blibber", "asdf", "asdfghjkl", "qwertz", "qwerty uiop", "lkjhgf", "wug", "two wugs", "a dax",
    "frobnicator",
    "a frobnicated quux", "grelch", "plonkle", "a small plonkle on a table", "skrimp", "thrumbly", "a thrumbly gostak",
    "the gostak distims the doshes", "vlork", "a giant vlork", "wibble wobble wubble", "zxcvb", "hjkl", "bleem",
    "smurgle", "drindle", "kefloof", "a fuzzy kefloof", "moop", "trangle", "quibbit", "yorple", "blarg", "fnord",
    "splonge", "a green splonge", "tufa lorem zint",
]  # fmt: skip

FOREIGN = [
    "ein Stuhl", "ein roter Stuhl mit drei Beinen", "ein Pferd", "ein kleiner Hund", "eine Katze", "ein Baum",
    "ein Becher", "ein Kelch", "ein Leuchtturm", "eine Schildkröte", "ein Haus mit blauem Dach", "der Schrank",
    "ein Regenschirm", "eine Ente", "ein Frosch", "Schmetterling", "ein Eimer", "das Fahrrad", "une chaise rouge",
    "un chat noir", "un petit chien", "un arbre", "une voiture bleue", "un château fort", "un parapluie", "un éléphant",
    "une bouteille de verre", "una silla roja", "un perro", "un gato blanco", "una casa", "un árbol", "un caballo",
    "una tortuga verde", "una mariposa", "un paraguas", "una sedia di legno", "un cane", "una farfalla", "un albero",
    "uma cadeira vermelha", "um cachorro", "een rode stoel", "een paard", "en rød stol", "ett träd", "krzesło",
    "czerwone krzesło", "kedi", "kırmızı sandalye", "punainen tuoli", "lorem ipsum dolor sit amet", "stůl",
    "egy piros szék",
]  # fmt: skip

ABSTRACT = [
    "justice", "the meaning of life", "quantum chromodynamics", "hope", "freedom of speech", "democracy",
    "the square root of two", "tuesday", "a long time ago", "monetary policy", "inflation", "entropy", "nothing",
    "everything at once", "the smell of rain", "regret", "a joke", "an algorithm", "happiness",
    "gross domestic product",
    "the second world war", "music theory", "wisdom", "the colour blue", "very big", "red", "make something nice",
    "please", "test", "hello", "what can you do?", "i do not know", "the number seven", "metabolism", "jealousy",
]  # fmt: skip

ELSEWHERE = [
    "a saxophone", "spaghetti carbonara", "a toothbrush", "a wind turbine blade test rig", "a stethoscope", "scissors",
    "a toilet", "a bathtub", "a trumpet", "a kangaroo", "a microscope", "a wheelchair", "a hairdryer", "a skateboard",
    "a pair of jeans", "a fork", "a spoon", "a ladder", "a rollercoaster", "a dna helix", "a kidney", "a jellyfish",
    "a scorpion", "a zipper", "a stapler", "a traffic light", "a satellite dish", "a glove", "a calculator",
    "a violin bow",
]  # fmt: skip
"""Things that there are, and that the library has not."""

HELD_IN_LIBRARY = {
    "a grumpy old tomcat": "cat", "a labrador": "dog", "a beagle": "dog", "a dachshund": "dog", "a bengal tiger": "cat",
    "an arabian mare": "horse", "a shetland pony": "horse", "a highland cow": "cow", "a wild boar": "pig",
    "a polar bear on ice": "bear", "a koala": "bear", "a baby elephant": "elephant",
    "a box turtle": {"turtle", "crate"},
    "a rattlesnake": "snake", "a dragonfly": "butterfly", "a flamingo": {"bird", "duck"}, "a seagull": "bird",
    "a hammerhead shark": {"fish", "hammer"}, "a velociraptor": "dinosaur", "an alligator": "dinosaur",
    "a porsche": "car", "a minivan": {"bus", "car"}, "a garbage truck": "truck",
    "an ambulance": {"truck", "car", "bus"},
    "a penny farthing bicycle": "bicycle", "a scooter": "motorcycle", "a bulldozer": "tractor", "a hovercraft": "ship",
    "a viking longboat": {"ship", "helmet"}, "a fishing trawler": "ship", "a propeller plane": "airplane",
    "a fighter jet": "airplane", "an apache helicopter": "helicopter", "a space shuttle": "rocket",
    "a freight train": "train", "a weather balloon": "balloon", "a ruined fortress": "castle",
    "a stone watchtower": "tower", "a log cabin in the woods": "house", "a wooden shed": "house", "an igloo": {
        "house", "tent"}, "a mosque": "church", "a parish church with a steeple": "church", "an office tower": {
        "skyscraper", "tower"}, "a rope bridge": "bridge", "a wigwam": "tent", "a rocking chair": {"chair", "armchair"},
    "a deck chair": "chair", "a chaise lounge": {"sofa", "armchair", "chair"}, "a coffee table": "table",
    "a bunk bed": "bed", "a chest of drawers": {"cabinet", "chest"}, "a kitchen cupboard": "cabinet",
    "shelves full of books": "bookshelf", "a floor lamp": "lamp", "a street lamp": {"lantern", "lamp"},
    "a grandfather clock": "clock", "a wristwatch": "clock", "a flat screen television": "computer",
    "a banjo": "guitar",
    "a violin": "guitar", "a snare drum": "drum", "a set of bongos": "drum", "a jingle bell": "bell",
    "a robot butler": "robot", "an evil goblin": "ghost", "a princess in a pink gown": "person",
    "a fisherman": "person",
    "a ninja": "person", "a cowboy": {"person", "hat", "boot"}, "a snowman with a scarf": "snowman",
    "a granny smith apple": "apple", "a slice of pizza": "pizza", "a chocolate muffin": "cake",
    "a strawberry sundae": "icecream", "a christmas tree with baubles": "pine", "a weeping willow": "tree",
    "a saguaro": "cactus", "a daisy": "flower", "a fly agaric mushroom": "mushroom", "a coconut tree": {"palm", "tree"},
    "a chunk of amethyst": "crystal", "a meteorite": "rock", "a tropical island": {"mountain", "palm"},
    "a broadsword": "sword", "a battle axe": "axe", "thor's hammer": "hammer", "a knight's shield": "shield",
    "a skeleton key": {"key", "skull"}, "a parasol": "umbrella", "a top hat": "hat", "a baseball cap": "hat",
    "a gladiator helmet": "helmet", "rain boots": "boot", "a royal crown": "crown", "a coffee mug": "mug",
    "a beer glass": {"mug", "goblet", "bottle"}, "a champagne flute": {"goblet", "bottle"}, "a flower vase": {
        "vase", "flower"}, "a water bottle": "bottle", "a wooden cask": "barrel", "a witch's cauldron": "cauldron",
    "a frying pan": "cauldron", "a cereal bowl": "bowl", "a milk pail": "bucket", "a dslr camera": "camera",
    "a shipping container": "crate", "a present with a red ribbon": "gift", "an old book of spells": "book",
    "a beach ball": "ball", "a valentine heart": "heart", "a starfish": "star",
    "a jack o lantern": {"apple", "lantern"},
    "a pair of oars in a rowboat": "ship", "an orca": "whale", "a giant squid": "octopus", "a hermit crab": "crab",
    "a bullfrog": "frog", "a slug on a leaf": "snail", "a black widow spider": "spider",
}  # fmt: skip

HELD_NONSENSE = [
    "snarfle", "a blue snarfle with two grunks", "wozzle", "a wozzle", "gribbledy pock", "a metal thwomper", "flonk",
    "the outgrabe momerath", "zorp", "a tiny zorp on a hill", "mxyzptlk", "dfjkgh", "poiuyt", "aaaaaa", "vbnm,",
    "a chortling bandersnatch", "krelboyne", "a wooden dinglehopper", "ploofer", "yibble yabble", "a striped nurgle",
    "xylotrope", "quonset florp", "shmeep", "a big shmeep", "trundlewick", "hgfds", "blixor the grand", "ziggurflat",
    "oompha",
]  # fmt: skip

HELD_FOREIGN = [
    "ein Tisch", "ein Schloss am See", "ein alter Baum", "die Kirche im Dorf", "ein Fisch", "ein Löwe", "eine Blume",
    "das Auto", "ein Flugzeug", "ein Hut", "ein Schwert", "der Mond", "ein Apfel", "une maison", "une table en bois",
    "un cheval blanc", "une fleur", "un bateau", "une épée", "un oiseau", "un poisson rouge", "una mesa", "un barco",
    "una flor", "un pájaro azul", "un castillo", "una espada", "un sombrero", "un tavolo", "una nave spaziale",
    "um gato preto", "uma árvore", "een huis", "een hond", "en hund", "ett hus", "pies", "dom", "ev", "talo",
]  # fmt: skip

HELD_ABSTRACT = [
    "truth", "the end of history", "photosynthesis", "a promise", "gravity", "loneliness", "capitalism", "next week",
    "the theory of relativity", "an opinion", "tax law", "peace", "why?", "do it", "yes", "green", "a large one",
    "surprise me", "help", "the internet",
]  # fmt: skip

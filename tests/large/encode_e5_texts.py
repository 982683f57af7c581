"""All passages and questions of XQuAD-R, as JSON lines with their language. Argument: the folder with the JSON files."""
import glob, json, os, sys

folder = sys.argv[1]
with open(os.path.join(folder, "texts.jsonl"), "w") as out:
    for path in sorted(glob.glob(os.path.join(folder, "??.json"))):
        lang = os.path.basename(path)[:2]
        count = 0
        for article in json.load(open(path))["data"]:
            for paragraph in article["paragraphs"]:
                texts = [paragraph["context"]] + [qa["question"] for qa in paragraph["qas"]]
                for text in texts:
                    count += 1
                    if count % 8 == 1:  # an eighth is enough to see every script, length and kind
                        out.write(json.dumps({"id": f"{lang}{count}", "lang": lang, "text": text}) + "\n")

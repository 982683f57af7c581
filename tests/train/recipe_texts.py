"""Facts about recipes/crosstail-mini's extract.py and collect.py. Run by recipe_texts_test.cpp; argument: the recipe's folder."""
import gzip, json, os, struct, subprocess, sys, tempfile, unittest

RECIPE = sys.argv.pop(1)
sys.path.insert(0, RECIPE)
import collect, extract


def mo_file(pairs):
    """GNU gettext's manual, "The Format of GNU MO Files"."""
    n, texts, tables = len(pairs), b"", [b"", b""]
    at = 28 + 16 * n
    for side in (0, 1):
        for pair in pairs:
            tables[side] += struct.pack("<2I", len(pair[side]), at + len(texts)); texts += pair[side] + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, n, 28, 28 + 8 * n, 0, 0) + tables[0] + tables[1] + texts


class Texts(unittest.TestCase):
    def test_messages_lose_accelerators_contexts_and_plurals(self):
        data = mo_file([(b"", b"Language: de\n"), (b"menu\x04_Open file", "Datei _öffnen".encode()), (b"%d day\0%d days", b"%d Tag\0%d Tage"), (b"Save", b"")])
        self.assertEqual(list(extract.mo(data, "de")), [("de", "label", "Open file", "Datei öffnen"), ("de", "label", "%d day", "%d Tag")])

    def test_fluent_values_join_their_lines_and_lose_braces(self):
        found = dict(extract.fluent("tab-close = Close { -brand-short-name }\n    .label = Close\n    now\nterm = { $n -> \n [one] x\n}\ntab-accesskey = C\n"))
        self.assertEqual(found["tab-close"], "Close Firefox")
        self.assertEqual(found["tab-close.label"], "Close now")
        self.assertNotIn("tab-accesskey", found)

    def test_manual_pages_give_paragraphs_without_requests(self):
        page = '.TH CAT 1\n.SH NAME\ncat \\- concatenate files\n.SH DESCRIPTION\nWrites each\n.B file\nto standard output, one after the\nother.\n.nf\ncode\n.fi\n'
        self.assertEqual([body for _, body in extract.manual(page)], ["cat - concatenate files", "Writes each file to standard output, one after the other."])

    def test_html_gives_paragraphs_without_scripts_and_code(self):
        page = "<html><body><script>x</script><h1>A &amp; B</h1><p>One <b>bold</b> word.</p><pre>code</pre></body></html>"
        self.assertEqual([body for _, body in extract.blocks(page)], ["A & B", "One bold word."])

    def test_a_text_must_be_in_its_languages_script(self):
        for language, text in (("hi", "फ़ाइल खोलें"), ("th", "เปิดแฟ้มข้อมูล"), ("ta", "கோப்பைத் திற"), ("ar", "افتح الملف"), ("zh", "打开"), ("de", "Öffnen")):
            self.assertTrue(collect.usable(language, "label", text), language)
        self.assertFalse(collect.usable("hi", "label", "Open file"))
        self.assertFalse(collect.usable("en", "label", "%d / %d (+)"))

    def test_what_is_held_out_and_its_translations_are_in_no_row(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(f"{folder}/texts"); os.makedirs(f"{folder}/debs")
            rows = [("de", "label", "Insert a table", "Tabelle einfügen"), ("fr", "label", "Insert a table", "Insérer un tableau"), ("de", "label", "Keep this one", "Dies hier behalten"),
                    ("en", "label", "", "Keep this one"), ("en", "label", "", "insert a TABLE!")]
            with gzip.open(f"{folder}/texts/some.tsv.gz", "wt", encoding="utf-8") as f: f.writelines("\t".join(r) + "\n" for r in rows)
            with open(f"{folder}/held.txt", "w", encoding="utf-8") as f: f.write(extract.normal("Insert a table") + "\n")
            made = []
            for out in ("a", "b"):
                subprocess.run([sys.executable, f"{RECIPE}/collect.py", f"{folder}/texts", f"{folder}/held.txt", f"{folder}/debs", f"{folder}/{out}"], check=True, stdout=subprocess.DEVNULL)
                names = sorted(n for n in os.listdir(f"{folder}/{out}") if n.startswith("rows-"))
                made.append([gzip.open(f"{folder}/{out}/{n}").read() for n in names])
            self.assertEqual(made[0], made[1])
            texts = [t for part in made[0] for line in part.decode().splitlines() for r in [json.loads(line)] for t in [r["question"]] + r.get("pos", [])]
            self.assertEqual(sorted({t.split(": ", 1)[1] for t in texts}), ["Dies hier behalten", "Keep this one"])


if __name__ == "__main__":
    unittest.main()

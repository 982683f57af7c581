#pragma once
/// The same sentence about returning goods in the legacy encodings of several languages, encoded by
/// CPython 3.11's codecs.

#include <string>
#include <string_view>

#include "markup/encoding.h"

namespace crosstail::markup::testing {

struct LegacySample {
  std::string_view language;
  Encoding encoding;
  std::string_view hex;
  std::string_view utf8;
};

// clang-format off
inline constexpr LegacySample kLegacy[] = {
    {"ru", Encoding::Windows1251,
     "cae0ea20e2e5f0edf3f2fc20f2eee2e0f03f20c2fb20eceee6e5f2e520e2e5f0edf3f2fc20ebfee1eee920f2ee"
     "e2e0f020e220f2e5f7e5ede8e520f2f0e8e4f6e0f2e820e4ede5e92c20e820ecfb20eeefebe0f2e8ec20e4eef1"
     "f2e0e2eaf32e",
     "Как вернуть товар? Вы можете вернуть любой товар в течение тридцати дней, и мы оплатим доставку."},
    {"ru", Encoding::Koi8R,
     "ebc1cb20d7c5d2ced5d4d820d4cfd7c1d23f20f7d920cdcfd6c5d4c520d7c5d2ced5d4d820ccc0c2cfca20d4cf"
     "d7c1d220d720d4c5dec5cec9c520d4d2c9c4c3c1d4c920c4cec5ca2c20c920cdd920cfd0ccc1d4c9cd20c4cfd3"
     "d4c1d7cbd52e",
     "Как вернуть товар? Вы можете вернуть любой товар в течение тридцати дней, и мы оплатим доставку."},
    {"el", Encoding::Windows1253,
     "d0fef220ecf0eff1fe20ede120e5f0e9f3f4f1ddf8f920ddede120f0f1effafced3b20ccf0eff1e5dff4e520ed"
     "e120f4ef20e5f0e9f3f4f1ddf8e5f4e520ecddf3e120f3e520f4f1e9dcedf4e120e7ecddf1e5f220f7f9f1dff2"
     "20f7f1ddf9f3e72e",
     "Πώς μπορώ να επιστρέψω ένα προϊόν; Μπορείτε να το επιστρέψετε μέσα σε τριάντα ημέρες χωρίς χρέωση."},
    {"he", Encoding::Windows1255,
     "e0e9ea20eee7e6e9f8e9ed20eee5f6f83f20e0f4f9f820ece4e7e6e9f820ebec20eee5f6f820e1fae5ea20f9ec"
     "e5f9e9ed20e9e5ed2c20e5e0f0e7f0e520eef9eceee9ed20f2ec20e4eef9ece5e72e",
     "איך מחזירים מוצר? אפשר להחזיר כל מוצר בתוך שלושים יום, ואנחנו משלמים על המשלוח."},
    {"ar", Encoding::Windows1256,
     "dfeddd20ede3dfe4e4ed20c5d1ccc7da20e3e4caccbf20ede3dfe4df20c5d1ccc7da20c3ed20e3e4cacc20cee1"
     "c7e120cbe1c7cbede420ede6e3c720e6e4cde420e4cfddda20cadfe1ddc920c7e1d4cde42e",
     "كيف يمكنني إرجاع منتج؟ يمكنك إرجاع أي منتج خلال ثلاثين يوما ونحن ندفع تكلفة الشحن."},
    {"tr", Encoding::Windows1254,
     "42697220fc72fc6efc206e6173fd6c20696164652065646562696c6972696d3f204f74757a2067fc6e2069e769"
     "6e64652068657220fc72fc6efc20696164652065646562696c697273696e697a2c206b6172676f20fc63726574"
     "696e692062697a20f6646572697a2e",
     "Bir ürünü nasıl iade edebilirim? Otuz gün içinde her ürünü iade edebilirsiniz, kargo ücretini biz öderiz."},
    {"pl", Encoding::Windows1250,
     "4a616b206d6f67ea207a7772f36369e620746f7761723f204b61bf647920746f776172206d6fbf6e61207a7772"
     "f36369e62077206369b967752074727a79647a696573747520646e692c2061206d79207a6170b36163696d7920"
     "7a612070727a657379b36bea2e",
     "Jak mogę zwrócić towar? Każdy towar można zwrócić w ciągu trzydziestu dni, a my zapłacimy za przesyłkę."},
    {"th", Encoding::Windows874,
     "a9d1b9a8d0a4d7b9cad4b9a4e9d2e4b4e9cdc2e8d2a7e4c320a4d8b3cad2c1d2c3b6a4d7b9cad4b9a4e9d2e4b4"
     "e9c0d2c2e3b9cad2c1cad4bac7d1b920e2b4c2e0c3d2a8d0a8e8d2c2a4e8d2a2b9cae8a7e3cbe9",
     "ฉันจะคืนสินค้าได้อย่างไร คุณสามารถคืนสินค้าได้ภายในสามสิบวัน โดยเราจะจ่ายค่าขนส่งให้"},
    {"ja", Encoding::ShiftJis,
     "8fa4956982f095d4956982b782e982c982cd82c782a482b782ea82ce82e682a282c582b782a981428e4f8f5c93"
     "fa88c893e082c582a082ea82ce82c782cc8fa4956982c582e095d4956982c582ab8141919797bf82cd93969358"
     "82aa9589925382b582dc82b78142",
     "商品を返品するにはどうすればよいですか。三十日以内であればどの商品でも返品でき、送料は当店が負担します。"},
    {"ja", Encoding::EucJp,
     "bea6c9caa4f2cad6c9caa4b9a4eba4cba4cfa4c9a4a6a4b9a4eca4d0a4e8a4a4a4c7a4b9a4aba1a3bbb0bdbdc6"
     "fcb0cac6e2a4c7a4a2a4eca4d0a4c9a4cebea6c9caa4c7a4e2cad6c9caa4c7a4ada1a2c1f7cec1a4cfc5f6c5b9"
     "a4acc9e9c3b4a4b7a4dea4b9a1a3",
     "商品を返品するにはどうすればよいですか。三十日以内であればどの商品でも返品でき、送料は当店が負担します。"},
    {"zh-CN", Encoding::Gb18030,
     "c8e7bacecdcbbbf5a3bfc8fdcaaeccecd6aec4dac8cebacec9ccc6b7b6bcbfc9d2d4cdcbbbf5a3acd4cbb7d1d3"
     "c9ced2c3c7b3d0b5a3a1a3c7ebcfc8cceed0b4cdcbbbf5c9eac7ebb1eda3acc8bbbaf3b0d1c9ccc6b7bcc4bbd8"
     "ced2c3c7b5c4b2d6bfe2a1a3",
     "如何退货？三十天之内任何商品都可以退货，运费由我们承担。请先填写退货申请表，然后把商品寄回我们的仓库。"},
    {"zh-TW", Encoding::Big5,
     "a670a6f3b068b366a148a454a451a4d1a4a7a4baa5f4a6f3b0d3ab7eb3a3a569a548b068b366a141b942b64fa5"
     "d1a7daadcca9d3bee1a143bdd0a5fdb6f1bc67b068b366a5d3bdd0aaeda141b54dabe1a7e2b0d3ab7eb148a65e"
     "a7daadccaabaaddcae77a143",
     "如何退貨？三十天之內任何商品都可以退貨，運費由我們承擔。請先填寫退貨申請表，然後把商品寄回我們的倉庫。"},
    {"ko", Encoding::EucKr,
     "bbf3c7b0c0bb20beeeb6bbb0d420b9ddc7b0c7cfb3aabfe43f20bbefbdca20c0cf20c0ccb3bbbfa1b4c220b8f0"
     "b5e720bbf3c7b0c0bb20b9ddc7b0c7cfbdc720bcf620c0d6c0b8b8e720b9e8bcdbbaf1b4c220c0fac8f1b0a120"
     "baceb4e3c7d5b4cfb4d92e",
     "상품을 어떻게 반품하나요? 삼십 일 이내에는 모든 상품을 반품하실 수 있으며 배송비는 저희가 부담합니다."},
    {"fr", Encoding::Windows1252,
     "436f6d6d656e74207265746f75726e657220756e2061727469636c65203f20566f757320706f7576657a207265"
     "746f75726e657220746f75742061727469636c6520736f7573207472656e7465206a6f7572732c20e0206e6f73"
     "2066726169732c206dea6d65207392696c206120e974e92064e962616c6ce92e",
     "Comment retourner un article ? Vous pouvez retourner tout article sous trente jours, à nos frais, même s’il a été déballé."},
};
// clang-format on

/// Bytes from their hexadecimal digits.
inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

}  // namespace crosstail::markup::testing

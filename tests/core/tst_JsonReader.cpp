#include <QTest>

#ifndef Q_MOC_RUN // moc follows these into places that it cannot read
#include "core/base/StringPool.h"
#include "core/format/JsonReader.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#endif

using namespace opscope;
using Ref = JsonDocument::Ref;
using Kind = JsonDocument::Kind;

namespace {

JsonDocument parsed(std::string_view text)
{
    Result<JsonDocument> document = JsonDocument::parse(text);
    if (!document) qFatal("%s", document.error().text().c_str());
    return std::move(document).value();
}

/// The document as text again, so that expectations are readable: members in file order, strings as unescaped.
std::string shown(Ref value)
{
    switch (value.kind()) {
    case Kind::String:
        return "'" + std::string(value.string()) + "'";
    case Kind::Array:
    case Kind::Object: {
        std::string out = value.isArray() ? "[" : "{";
        for (Ref child = value.first(); child.valid(); child = value.after(child)) {
            out += out.size() > 1 ? " " : "";
            out += value.isObject() ? std::string(value.keyOf(child)) + ":" : "";
            out += shown(child);
        }
        return out + (value.isArray() ? "]" : "}");
    }
    case Kind::Raw:
        return "raw<" + std::string(value.raw()) + ">";
    case Kind::NonFinite:
        return "?" + std::string(value.raw());
    default:
        return std::string(value.raw());
    }
}

nlohmann::ordered_json rebuilt(Ref value)
{
    switch (value.kind()) {
    case Kind::String:
        return std::string(value.string());
    case Kind::True:
    case Kind::False:
        return value.kind() == Kind::True;
    case Kind::Array: {
        auto out = nlohmann::ordered_json::array();
        for (Ref child = value.first(); child.valid(); child = value.after(child)) out.push_back(rebuilt(child));
        return out;
    }
    case Kind::Object: {
        auto out = nlohmann::ordered_json::object();
        for (Ref child = value.first(); child.valid(); child = value.after(child))
            out[std::string(value.keyOf(child))] = rebuilt(child);
        return out;
    }
    case Kind::Number:
        return nlohmann::ordered_json::parse(value.raw());
    default:
        return nullptr;
    }
}

class RandomJson
{
public:
    explicit RandomJson(unsigned seed) : m_random(seed) {}

    nlohmann::ordered_json value(int depth)
    {
        switch (m_random() % (depth > 5 ? 6u : 8u)) {
        case 0:
            return nullptr;
        case 1:
            return m_random() % 2 == 0;
        case 2:
            return static_cast<std::int64_t>(m_random() * m_random());
        case 3:
            return std::ldexp(static_cast<double>(m_random()), static_cast<int>(m_random() % 80) - 40);
        case 4:
        case 5:
            return text();
        case 6: {
            auto out = nlohmann::ordered_json::array();
            for (std::uint64_t n = m_random() % 6; n > 0; --n) out.push_back(value(depth + 1));
            return out;
        }
        default: {
            auto out = nlohmann::ordered_json::object();
            for (std::uint64_t n = m_random() % 6; n > 0; --n) out[text()] = value(depth + 1);
            return out;
        }
        }
    }

private:
    std::string text()
    {
        static const char* kPieces[] = {
            "a", " ", "\"", "\\", "/", "\n", "\x01", "{", "]", ",", ":", "é", "\xF0\x9F\x98\x80", "conv2d", "//", "'"};
        std::string out;
        for (std::uint64_t n = m_random() % 8; n > 0; --n) out += kPieces[m_random() % std::size(kPieces)];
        return out;
    }
    std::mt19937_64 m_random;
};

} // namespace

class tst_JsonReader : public QObject
{
    Q_OBJECT

private slots:
    void validTextsGiveWhatNlohmannGives();
    void numbersKeepTheirDigits();
    void wholeNumbersAreExact_data();
    void wholeNumbersAreExact();
    void whatIsNoWholeNumberIsRefused();
    void escapesAndSurrogates();
    void eightDigitEscapesAreBytes();
    void badUtf8BecomesReplacementCharacters();
    void forgivenTexts_data();
    void forgivenTexts();
    void theLastOfTwoMembersWins();
    void deepTextsStayRaw_data();
    void deepTextsStayRaw();
    void textsCutAnywhereEnd();
    void randomBytesNeverHang();
    void noValueIsAnError();
    void whatFollowsIsNotConsumed();
};

void tst_JsonReader::validTextsGiveWhatNlohmannGives()
{
    RandomJson random(20240527);
    for (int i = 0; i < 3000; ++i) {
        const nlohmann::ordered_json expected = random.value(0);
        const std::string text = expected.dump(i % 3 == 0 ? 2 : -1, ' ', i % 2 == 0);
        const JsonDocument document = parsed(text);
        QCOMPARE(QString::fromStdString(rebuilt(document.root()).dump()), QString::fromStdString(expected.dump()));
        QCOMPARE(document.forgiven() & ~std::uint32_t{JsonDocument::kDuplicateKey}, 0u);
        QCOMPARE(document.consumed(), text.size());
    }
}

void tst_JsonReader::numbersKeepTheirDigits()
{
    const JsonDocument document = parsed("[140382148398488, 0.000000, 1e400, 12345678901234567890123, -0]");
    QCOMPARE(shown(document.root()), std::string("[140382148398488 0.000000 1e400 12345678901234567890123 -0]"));
    QCOMPARE(document.forgiven(), 0u);
    QVERIFY(std::isnan(parsed("\"x\"").root().number()));
    QCOMPARE(parsed("\"12.5\"").root().number(), 12.5);
}

void tst_JsonReader::wholeNumbersAreExact_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("value");
    const auto row = [](const char* text, std::int64_t value) {
        QTest::newRow(text) << QByteArray(text) << qint64(value);
    };
    row("0", 0);
    row("-1", -1);
    row("9223372036854775807", std::numeric_limits<std::int64_t>::max());
    row("-9223372036854775808", std::numeric_limits<std::int64_t>::min());
    row("18446744073709551615", -1);
    row("9007199254740993", 9007199254740993);
    row("\"140382148398488\"", 140382148398488);
    row("12.0", 12);
    row("12.50e1", 125);
    row("-120e-1", -12);
    row("1e5", 100000);
    row("0e999999999999", 0);
    row("+7", 7);
}

void tst_JsonReader::wholeNumbersAreExact()
{
    QFETCH(QByteArray, text);
    QFETCH(qint64, value);
    std::int64_t out = 77;
    QVERIFY(parsed(text.toStdString()).root().integer(out));
    QCOMPARE(qint64(out), value);
}

void tst_JsonReader::whatIsNoWholeNumberIsRefused()
{
    for (const char* text :
         {"12.5", "1e-1", "18446744073709551616", "-9223372036854775809", "1e20", "1e99999999999999999999", "true",
          "NaN", "\"x\"", "\"\"", "[1]", "\"12 \"", "1e", "\"-\""}) {
        const std::string source = text;
        std::int64_t out = 0;
        QVERIFY2(!parsed(source).root().integer(out), text);
    }
}

void tst_JsonReader::escapesAndSurrogates()
{
    QCOMPARE(parsed("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\"").root().string(),
             std::string_view("a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC"));
    QCOMPARE(parsed("\"\\ud83d\\ude00\"").root().string(), std::string_view("\xF0\x9F\x98\x80"));
    const std::string nul = "\"a\\u0000b\"";
    QCOMPARE(parsed(nul).root().string(), std::string_view("a\0b", 3));
    for (const char* lone : {"\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\""}) {
        const std::string source = lone;
        const JsonDocument document = parsed(source);
        QCOMPARE(document.root().string().substr(0, 3), std::string_view("\xEF\xBF\xBD"));
        QCOMPARE(document.forgiven(), std::uint32_t{JsonDocument::kLoneSurrogate});
    }
    const JsonDocument odd = parsed("\"C:\\dir\\u12\"");
    QCOMPARE(odd.root().string(), std::string_view("C:\\dir\\u12"));
    QCOMPARE(odd.forgiven(), std::uint32_t{JsonDocument::kUnknownEscape});
}

void tst_JsonReader::eightDigitEscapesAreBytes()
{
    const std::string good = "\"gr\\uffffffc3\\uffffffb6\\uffffffc3\\uffffff9fe\"";
    QCOMPARE(parsed(good).root().string(), std::string_view("gr\xC3\xB6\xC3\x9F"
                                                            "e"));
    const std::string half = "\"\\uffffffc3x\"";
    QCOMPARE(parsed(half).root().string(), std::string_view("\xEF\xBF\xBDx"));
    const std::string plain = "\"\\uffff and ff\""; // U+FFFF itself
    QCOMPARE(parsed(plain).root().string(), std::string_view("\xEF\xBF\xBF and ff"));
}

void tst_JsonReader::badUtf8BecomesReplacementCharacters()
{
    const std::string source = "{\"a\xFF\":\"\xC3(\"}";
    const JsonDocument document = parsed(source);
    const Ref value = document.root().first();
    QCOMPARE(document.root().keyOf(value), std::string_view("a\xEF\xBF\xBD"));
    QCOMPARE(value.string(), std::string_view("\xEF\xBF\xBD("));
    QCOMPARE(document.forgiven(), std::uint32_t{JsonDocument::kBadUtf8});
}

void tst_JsonReader::forgivenTexts_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    QTest::addColumn<quint32>("bits");
    const auto row = [](const char* text, const char* expected, std::uint32_t bits) {
        QTest::newRow(text) << QByteArray(text) << QByteArray(expected) << quint32(bits);
    };
    using D = JsonDocument;
    row("\"a\tb\nc\"", "'a\tb\nc'", D::kControlCharacter);
    row("[NaN, Infinity, -inf, nan, -nan, inf]", "[?NaN ?Infinity ?-inf ?nan ?-nan ?inf]", D::kNonFinite);
    row("[1,2,]", "[1 2]", D::kComma);
    row("{\"a\":1,}", "{a:1}", D::kComma);
    row("[,1]", "[1]", D::kComma);
    row("[1,,2]", "[1 2]", D::kComma);
    row("[1 2 \"x\" \"y\"]", "[1 2 'x' 'y']", D::kComma);
    row("{\"a\":1 \"b\":\"x\" \"c\":2}", "{a:1 b:'x' c:2}", D::kComma);
    row("[1, // one\n 2 /* two */]", "[1 2]", D::kComment);
    row("{'a':'b'}", "{a:'b'}", D::kQuote);
    row("{\"name\":\"he said \"hi\"\",\"id\":3}", "{name:'he said \"hi\"' id:3}", D::kQuote);
    row("{\"name\":\"say \"hi\" twice\",\"id\":3}", "{name:'say \"hi\" twice' id:3}", D::kQuote);
    row("[\"a\"b\",2]", "['a\"b' 2]", D::kQuote);
    row("{\"a\":\"b", "{a:'b'}", D::kCut);
    row("{\"a\":[1,2", "{a:[1 2]}", D::kCut);
    row("{\"a\":1,\"b", "{a:1}", D::kCut | D::kOther);
    row("{\"a\":1,\"b\":", "{a:1}", D::kCut);
    row("{\"a\":,\"b\":2}", "{a: b:2}", D::kOther);
    row("{a:1, b :2}", "{a:1 b:2}", D::kOther);
    row("[01, +2, .5, 5.]", "[01 +2 .5 5.]", D::kOther);
    row("[1}", "[1]", D::kOther | D::kCut);
    row("{\"a\":[1,2}", "{a:[1 2]}", D::kOther);
    row("{\"a\":{1]}", "{a:{1:}}", D::kOther | D::kCut);
    row("{{\"a\":1}}", "{:{a:1}}", D::kOther);
    row("[a.b, undefined]", "[raw<a.b> raw<undefined>]", D::kOther);
    row("\xEF\xBB\xBF {}", "{}", 0);
}

void tst_JsonReader::forgivenTexts()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    QFETCH(quint32, bits);
    const std::string source = text.toStdString();
    const JsonDocument document = parsed(source);
    QCOMPARE(QByteArray::fromStdString(shown(document.root())), expected);
    QCOMPARE(quint32(document.forgiven()), bits);
}

void tst_JsonReader::theLastOfTwoMembersWins()
{
    const std::string text = "{\"a\":1,\"b\":2,\"a\":3}";
    const JsonDocument document = parsed(text);
    QCOMPARE(document.root().member("a").raw(), std::string_view("3"));
    QCOMPARE(shown(document.root()), std::string("{a:1 b:2 a:3}"));
    QCOMPARE(document.root().size(), 3u);
    QCOMPARE(document.forgiven(), std::uint32_t{JsonDocument::kDuplicateKey});
    QVERIFY(!document.root().member("c").valid());
    QVERIFY(!document.root().member("a").member("a").valid());
}

void tst_JsonReader::deepTextsStayRaw_data()
{
    QTest::addColumn<int>("levels");
    for (const int levels : {JsonDocument::kMaxDepth, JsonDocument::kMaxDepth + 1, 10'000, 1'000'000})
        QTest::addRow("%d", levels) << levels;
}

void tst_JsonReader::deepTextsStayRaw()
{
    QFETCH(int, levels);
    const std::string text = std::string(static_cast<std::size_t>(levels), '[') + "\"]\\\"\"" +
                             std::string(static_cast<std::size_t>(levels), ']') + ",7";
    const JsonDocument document = parsed(text);
    QCOMPARE(document.consumed(), text.size() - 2);
    int kept = 0;
    Ref value = document.root();
    for (; value.isArray(); value = value.first()) ++kept;
    QCOMPARE(kept, JsonDocument::kMaxDepth);
    QCOMPARE(value.kind(), levels > JsonDocument::kMaxDepth ? Kind::Raw : Kind::String);
    QCOMPARE(document.forgiven(), levels > JsonDocument::kMaxDepth ? std::uint32_t{JsonDocument::kTooDeep} : 0u);
    const std::string cut = text.substr(0, static_cast<std::size_t>(levels) + 3);
    QVERIFY((parsed(cut).forgiven() & JsonDocument::kCut) != 0);
}

void tst_JsonReader::textsCutAnywhereEnd()
{
    const std::string whole = "{\"name\":\"a\\u00e9\\n\",\"id\":12,\"inputs\":{\"values\":[[1,2.5,\"x\"],true,null],"
                              "\"t\":\"\\ud83d\\ude00\"},\"n\":NaN}";
    for (std::size_t length = 1; length < whole.size(); ++length) {
        const std::string text = whole.substr(0, length);
        const JsonDocument document = parsed(text);
        QVERIFY((document.forgiven() & JsonDocument::kCut) != 0);
        QVERIFY(document.root().isObject());
        QCOMPARE(document.consumed(), text.size());
    }
}

void tst_JsonReader::randomBytesNeverHang()
{
    std::mt19937 random(7);
    static constexpr std::string_view kAlphabet = "{}[]\",:\\u'/*- \n1e.nat\x01\xC3\xFF";
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (unsigned n = random() % 60; n > 0; --n) text += kAlphabet[random() % kAlphabet.size()];
        const Result<JsonDocument> document = JsonDocument::parse(text);
        if (document) {
            QVERIFY(document->consumed() <= text.size());
            QVERIFY(isValidUtf8(shown(document->root())) || !isValidUtf8(text));
        }
    }
}

void tst_JsonReader::noValueIsAnError()
{
    for (const char* text : {"", "  \n", "// only a comment", ",1", "]", "\xEF\xBB\xBF"}) {
        const Result<JsonDocument> document = JsonDocument::parse(text);
        QVERIFY(!document.ok());
        QCOMPARE(document.error().code, ErrorCode::Malformed);
    }
}

void tst_JsonReader::whatFollowsIsNotConsumed()
{
    const std::string text = " {\"a\":1} ,{\"b\":2}";
    QCOMPARE(parsed(text).consumed(), std::size_t{8});
    const std::string number = "12,13";
    QCOMPARE(parsed(number).consumed(), std::size_t{2});
}

QTEST_GUILESS_MAIN(tst_JsonReader)
#include "tst_JsonReader.moc"

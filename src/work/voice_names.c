// SPDX-License-Identifier: GPL-3.0-or-later
#include "work/voice_names.h"

#include <ctype.h>

// First names that people of the language have: a man's, a woman's, a child's.
static const struct {
    const char *code, *male, *female, *child;
} names[] = {
    { "af", "Pieter", "Annelie", NULL },
    { "am", "Dawit", "Hana", NULL },
    { "an", "Chorche", "Pilar", NULL },
    { "ar", "Omar", "Layla", NULL },
    { "as", "Bhaskar", "Rimjhim", NULL },
    { "az", "Elchin", "Aysel", NULL },
    { "ba", "Ural", "Gulnaz", NULL },
    { "be", "Ales", "Alesia", NULL },
    { "bg", "Georgi", "Ralitsa", NULL },
    { "bn", "Arif", "Nusrat", NULL },
    { "bpy", "Nila", "Sorola", NULL },
    { "bs", "Emir", "Amra", NULL },
    { "ca", "Jordi", "Montserrat", NULL },
    { "chr", "Sequoyah", "Awinita", NULL },
    { "cmn", "Wei", "Mei", NULL },
    { "cmn-latn-pinyin", "Jun", "Lian", NULL },
    { "cs", "Tomas", "Jitka", NULL },
    { "cv", "Atner", "Narspi", NULL },
    { "cy", "Rhys", "Cerys", NULL },
    { "da", "Mads", "Freja", NULL },
    { "de", "Jonas", "Greta", "Emil" },
    { "el", "Nikos", "Eleni", NULL },
    { "en-029", "Winston", "Marcia", NULL },
    { "en", "Oliver", "Alice", "Alfie" },
    { "en-gb-scotland", "Callum", "Isla", NULL },
    { "en-gb-x-gbclan", "Frank", "Gemma", NULL },
    { "en-gb-x-gbcwmd", "Nigel", "Tracey", NULL },
    { "en-gb-x-rp", "Hugo", "Arabella", NULL },
    { "en-us", "Mason", "Harper", "Daisy" },
    { "en-us-nyc", "Vinnie", "Gina", NULL },
    { "eo", "Ludoviko", "Klara", NULL },
    { "es", "Alejandro", "Lucia", "Mateo" },
    { "es-419", "Diego", "Valentina", "Sofia" },
    { "et", "Rasmus", "Liis", NULL },
    { "eu", "Aitor", "Nerea", NULL },
    { "fa", "Dariush", "Shirin", NULL },
    { "fa-latn", "Kaveh", "Parisa", NULL },
    { "fi", "Eino", "Aino", NULL },
    { "fr-be", "Thibault", "Manon", NULL },
    { "fr-ch", "Yannick", "Oceane", NULL },
    { "fr", "Julien", "Camille", "Leo" },
    { "ga", "Cillian", "Aoife", NULL },
    { "gd", "Ruaridh", "Mairi", NULL },
    { "gn", "Arandu", "Jasy", NULL },
    { "grc", "Alexios", "Kassandra", NULL },
    { "gu", "Jignesh", "Hetal", NULL },
    { "hak", "Ngiet", "Moi", NULL },
    { "haw", "Kekoa", "Leilani", NULL },
    { "he", "Eitan", "Noa", NULL },
    { "hi", "Arjun", "Priya", "Aarav" },
    { "hr", "Luka", "Ivana", NULL },
    { "ht", "Jean-Baptiste", "Fabiola", NULL },
    { "hu", "Bence", "Zsofia", NULL },
    { "hy", "Tigran", "Anahit", NULL },
    { "hyw", "Hagop", "Araksi", NULL },
    { "ia", "Marco", "Julia", NULL },
    { "id", "Budi", "Dewi", NULL },
    { "io", "Andreo", "Mira", NULL },
    { "is", "Sigurdur", "Gudrun", NULL },
    { "it", "Matteo", "Chiara", "Gaia" },
    { "ja", "Haruto", "Yui", NULL },
    { "jbo", "Ranjit", "Cinla", NULL },
    { "ka", "Giorgi", "Nino", NULL },
    { "kk", "Daulet", "Aigerim", NULL },
    { "kl", "Malik", "Pipaluk", NULL },
    { "kn", "Kiran", "Kavya", NULL },
    { "ko", "Minjun", "Seoyeon", NULL },
    { "kok", "Tukaram", "Sushma", NULL },
    { "ku", "Baran", "Rojin", NULL },
    { "ky", "Azamat", "Aizada", NULL },
    { "la", "Marcus", "Aurelia", NULL },
    { "lb", "Gilles", "Maelle", NULL },
    { "lfn", "Pasco", "Luna", NULL },
    { "lt", "Mantas", "Ruta", NULL },
    { "ltg", "Ontons", "Terese", NULL },
    { "lv", "Janis", "Ilze", NULL },
    { "mi", "Tamati", "Aroha", NULL },
    { "mk", "Goce", "Biljana", NULL },
    { "ml", "Anoop", "Lakshmi", NULL },
    { "mr", "Sachin", "Tanvi", NULL },
    { "ms", "Hafiz", "Aisyah", NULL },
    { "mt", "Karm", "Ritianne", NULL },
    { "my", "Kyaw", "Thiri", NULL },
    { "nb", "Sindre", "Ingrid", NULL },
    { "nci", "Cuauhtemoc", "Xochitl", NULL },
    { "ne", "Bikash", "Sunita", NULL },
    { "nl", "Daan", "Sanne", "Bram" },
    { "nog", "Murat", "Aynur", NULL },
    { "om", "Gemechu", "Chaltu", NULL },
    { "or", "Debasis", "Sasmita", NULL },
    { "pa", "Gurpreet", "Simran", NULL },
    { "pap", "Rubio", "Zulaika", NULL },
    { "piqd", "Martok", "Grilka", NULL },
    { "pl", "Jakub", "Zuzanna", "Staszek" },
    { "pt", "Tiago", "Ines", "Duarte" },
    { "pt-br", "Rafael", "Juliana", "Bia" },
    { "py", "Kuntur", "Killa", NULL },
    { "qdb", "Lanwar", "Belta", NULL },
    { "qu", "Amaru", "Nayra", NULL },
    { "quc", "Balam", "Ixchel", NULL },
    { "qya", "Finwe", "Miriel", NULL },
    { "ro", "Andrei", "Ioana", NULL },
    { "ru", "Dmitri", "Anastasia", "Vanya" },
    { "ru-lv", "Maksim", "Polina", NULL },
    { "sd", "Sajjad", "Sassui", NULL },
    { "shn", "Sai", "Nang", NULL },
    { "si", "Nuwan", "Dilini", NULL },
    { "sjn", "Beren", "Luthien", NULL },
    { "sk", "Marek", "Zuzana", NULL },
    { "sl", "Matej", "Nika", NULL },
    { "smj", "Ante", "Sunna", NULL },
    { "sq", "Arben", "Elira", NULL },
    { "sr", "Nemanja", "Milica", NULL },
    { "sv", "Elias", "Astrid", "Nils" },
    { "sw", "Juma", "Zawadi", NULL },
    { "ta", "Karthik", "Meena", NULL },
    { "te", "Ravi", "Sravani", NULL },
    { "th", "Somchai", "Malee", NULL },
    { "tk", "Merdan", "Ogulnar", NULL },
    { "tn", "Kagiso", "Boitumelo", NULL },
    { "tr", "Emre", "Elif", "Deniz" },
    { "tt", "Ildar", "Leysan", NULL },
    { "ug", "Alim", "Gulbahar", NULL },
    { "uk", "Taras", "Oksana", "Danylko" },
    { "ur", "Bilal", "Zainab", NULL },
    { "uz", "Jasur", "Dilnoza", NULL },
    { "vi", "Minh", "Linh", NULL },
    { "vi-vn-x-central", "Quang", "Huong", NULL },
    { "vi-vn-x-south", "Khoa", "Trinh", NULL },
    { "yue", "Ka-ming", "Siu-ling", NULL },
    { "yue-latn-jyutping", "Chi-wai", "Wing-yan", NULL },
};
static const struct {
    const char *id, *name;
} persons[] = { { "flite:slt", "Clara" }, { "flite:rms", "Miles" }, { "flite:awb", "Angus" },
    { "flite:kal16", "Vector" }, { "flite:kal", "Roger" }, { "flite:child", "Poppy" } };

static const struct {
    const char *code, *text;
} hellos[] = {
    { "en", "Hello, I am %s. I would love to tell your story." },
    { "de", "Hallo, ich bin %s. Ich erz\303\244hle gern Ihre Geschichte." },
    { "fr", "Bonjour, je suis %s. Je raconte volontiers votre histoire." },
    { "es", "Hola, soy %s. Me encantar\303\255a contar su historia." },
    { "it", "Ciao, sono %s. Racconto volentieri la vostra storia." },
    { "pt", "Ol\303\241, eu sou %s. Gostaria de contar a sua hist\303\263ria." },
    { "nl", "Hallo, ik ben %s. Ik vertel graag uw verhaal." },
    { "pl", "Cze\305\233\304\207, jestem %s. Ch\304\231tnie opowiem twoj\304\205 histori\304\231." },
    { "sv", "Hej, jag heter %s. Jag ber\303\244ttar g\303\244rna din historia." },
    { "da", "Hej, jeg hedder %s. Jeg fort\303\246ller gerne din historie." },
    { "tr", "Merhaba, ben %s. Hik\303\242yenizi anlatmak isterim." },
    { "id", "Halo, saya %s. Saya ingin menceritakan kisah Anda." },
    { "fi", "Hei, olen %s. Kerron mielell\303\244ni tarinasi." },
};

static bool is_code(str code, const char *wanted)
{
    return str_equal_fold(code, str_of(wanted));
}

static str name_of(str id, str code, str gender, str fallback)
{
    for (size_t i = 0; i < sizeof persons / sizeof *persons; i++)
        if (str_equal_c(id, persons[i].id))
            return str_of(persons[i].name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!is_code(code, names[i].code))
            continue;
        bool child = str_equal_c(gender, "child") && names[i].child;
        return str_of(child ? names[i].child : str_equal_c(gender, "male") ? names[i].male : names[i].female);
    }
    return fallback;
}

// "en-US", "zh-CN": regions in capitals, and the code of Chinese that the web uses.
static str web_code(struct arena *arena, str code)
{
    if (is_code(code, "cmn") || is_code(code, "cmn-latn-pinyin"))
        return STR("zh-CN");
    if (is_code(code, "yue") || is_code(code, "yue-latn-jyutping"))
        return STR("zh-HK");
    if (str_starts(code, STR("chr")))
        return STR("chr");
    char *copy = (char *)str_copy(arena, code).data;
    bool region = code.size == 5 || (code.size > 5 && copy[2] == '-' && copy[5] == '-');
    if (region && copy[2] == '-') {
        copy[3] = (char)toupper((unsigned char)copy[3]);
        copy[4] = (char)toupper((unsigned char)copy[4]);
    }
    return (str) { copy, code.size };
}

static str dialect_of(str code, str told)
{
    static const char *const dialects[][2] = { { "en-us", "United States" }, { "en-gb", "Great Britain" },
        { "fr-fr", "France" }, { "pt-br", "Brazil" }, { "pt", "Portugal" }, { "es", "Spain" }, { "de", "Germany" } };
    for (size_t i = 0; !told.size && i < sizeof dialects / sizeof *dialects; i++)
        if (is_code(code, dialects[i][0]))
            return str_of(dialects[i][1]);
    return told;
}

struct voice voice_entry(struct arena *arena, const json_t *described)
{
    str id = str_copy(arena, json_get_str(described, "id")), code = json_get_str(described, "language_code");
    str rest = id, engine = STR_NONE, file = STR_NONE, gender = json_get_str(described, "gender");
    (void)str_split(&rest, ':', &engine);
    (void)str_split(&rest, '+', &file);
    return (struct voice) { .id = id,
        .name = str_copy(arena, name_of(id, file, gender, json_get_str(described, "name"))),
        .language = str_copy(arena, json_get_str(described, "language")),
        .language_code = web_code(arena, code),
        .dialect = str_copy(arena, dialect_of(code, json_get_str(described, "dialect"))),
        .gender = str_copy(arena, gender),
        .style = str_copy(arena, json_get_str(described, "style")),
        .category = str_copy(arena, json_get_str(described, "category")),
        .is_premium = voice_is_premium(id),
        .speaks = id };
}

// In a language without a sentence of ours, the engine reads the numbers its own way.
str voice_sample_text(struct arena *arena, const struct voice *voice)
{
    str language = str_sub(voice->language_code, 0, 2);
    for (size_t i = 0; i < sizeof hellos / sizeof *hellos; i++) {
        if (!str_equal_c(language, hellos[i].code)
            || (voice->language_code.size > 2 && voice->language_code.data[2] != '-'))
            continue;
        str text = str_of(hellos[i].text);
        ptrdiff_t at = str_find(text, STR("%s"));
        return str_format(arena, "%.*s%.*s%.*s", (int)at, text.data, STR_ARGS(voice->name),
            STR_ARGS(str_sub(text, (size_t)at + 2, text.size)));
    }
    return str_format(arena, "%.*s. 1, 2, 3, 4, 5.", STR_ARGS(voice->name));
}

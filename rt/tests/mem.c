/* rt/src/arch/ARCH/mem.s, its functions named our_*, against loops. `cargo xtask test hosts` builds
   and runs it for each architecture, by a compiler without headers. */
typedef __SIZE_TYPE__ size_t;

int printf(const char *format, ...);
_Noreturn void exit(int code);
int memcmp(const void *one, const void *other, size_t size);
void *memset(void *to, int byte, size_t size);

void *our_memcpy(void *to, const void *from, size_t size);
void *our_memmove(void *to, const void *from, size_t size);
void *our_memset(void *to, int byte, size_t size);
int our_memcmp(const void *one, const void *other, size_t size);
int our_bcmp(const void *one, const void *other, size_t size);
size_t our_strlen(const char *text);

enum { ROOM = 160, MOST = 70 };
static unsigned long checks;

static void check(int holds, const char *what, size_t to, size_t from, size_t size)
{
    checks++;
    if (!holds) {
        printf("%s: to %zu, from %zu, %zu bytes\n", what, to, from, size);
        exit(1);
    }
}

static void fill(unsigned char *room)
{
    for (size_t i = 0; i < ROOM; i++)
        room[i] = (unsigned char)(i * 37 + 11);
}

/* What a copy leaves, byte for byte, from a copy of the room before. */
static void copied(unsigned char *wanted, size_t to, size_t from, size_t size)
{
    unsigned char before[ROOM];

    fill(wanted);
    fill(before);
    for (size_t i = 0; i < size; i++)
        wanted[to + i] = before[from + i];
}

static void copies(size_t to, size_t from, size_t size)
{
    _Alignas(16) unsigned char room[ROOM];
    unsigned char wanted[ROOM];
    int apart = to + size <= from || from + size <= to;

    copied(wanted, to, from, size);
    fill(room);
    check(our_memmove(room + to, room + from, size) == room + to, "memmove's result", to, from, size);
    check(memcmp(room, wanted, ROOM) == 0, "memmove", to, from, size);
    if (!apart)
        return;
    fill(room);
    check(our_memcpy(room + to, room + from, size) == room + to, "memcpy's result", to, from, size);
    check(memcmp(room, wanted, ROOM) == 0, "memcpy", to, from, size);
}

static void sets(size_t to, size_t size)
{
    _Alignas(16) unsigned char room[ROOM];

    fill(room);
    check(our_memset(room + to, 0x1a5, size) == room + to, "memset's result", to, 0, size);
    for (size_t i = 0; i < ROOM; i++) {
        int inside = i >= to && i < to + size;
        unsigned char old = (unsigned char)(i * 37 + 11);
        check(room[i] == (inside ? 0xa5 : old), "memset", to, i, size);
    }
}

static void compares(size_t at, size_t size)
{
    unsigned char one[ROOM], other[ROOM];

    fill(one);
    fill(other);
    other[at + size] ^= 1;
    check(our_memcmp(one + at, other + at, size) == 0, "memcmp, equal", at, at, size);
    check(our_bcmp(one + at, other + at, size) == 0, "bcmp, equal", at, at, size);
    for (size_t i = 0; i < size; i++) {
        one[at + i] = 0x7f;
        other[at + i] = 0x80;
        check(our_memcmp(one + at, other + at, size) < 0, "memcmp, less", at, i, size);
        check(our_memcmp(other + at, one + at, size) > 0, "memcmp, more", at, i, size);
        check(our_bcmp(one + at, other + at, size) != 0, "bcmp, other", at, i, size);
        one[at + i] = other[at + i] = 0x55;
    }
}

int main(void)
{
    char text[ROOM];

    for (size_t size = 0; size <= MOST; size++) {
        for (size_t to = 0; to < 18; to++) {
            for (size_t from = 0; from < 18; from++)
                copies(to, from, size);
            copies(to, 85, size);
            copies(85, to, size);
            sets(to, size);
            compares(to, size);
        }
        memset(text, 'x', ROOM);
        text[5 + size] = 0;
        check(our_strlen(text + 5) == size, "strlen", 5, 5, size);
    }
    printf("memcpy family: %lu checks\n", checks);
    return 0;
}

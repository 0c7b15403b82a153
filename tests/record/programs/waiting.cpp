// Says where two of its functions are and waits until its input ends: tst_Symbols looks at it from outside.

#include <cstdio>

namespace waiting {

[[gnu::noinline]] int innerLoop(int rounds)
{
    int sum = 0;
    for (int i = 0; i < rounds; ++i) {
        asm volatile("" : "+r"(sum));
        sum += i;
    }
    return sum;
}

[[gnu::noinline]] static int hidden(int rounds)
{
    asm volatile("" : "+r"(rounds));
    return innerLoop(rounds) + 1;
}

} // namespace waiting

int main()
{
    std::printf("%lx %lx\n", reinterpret_cast<unsigned long>(&waiting::innerLoop), reinterpret_cast<unsigned long>(&waiting::hidden));
    std::fflush(stdout);
    while (std::getchar() != EOF) std::printf("%d\n", waiting::hidden(100));
    return 0;
}

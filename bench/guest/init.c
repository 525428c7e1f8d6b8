// The only program of the benchmark's initrd. Its first instruction reads the time stamp counter, which
// in a guest counts from the creation of the virtual processor: it shows the whole boot as the guest saw
// it. No libc, so that nothing runs before that.
//
// Words on the kernel command line reach it as environment:
//   bench_print=N        writes N bytes to the console and says how long it took
//   bench_log=1          shows the kernel's log, with what `quiet` kept from the console
//   bench_idle=1         waits at a prompt for a line
//   bench_end=poweroff   ends by powering off (by default: by a restart)
//   bench_timer=1        also writes Firecracker's boot timer: 123 to 0xc0000000
// It prints: "init: tsc=TICKS uptime=SECONDS.MICROS", "print: bytes=N tsc=TICKS", and "ready: # ".

typedef unsigned long u64;

enum {
  SYS_read = 0, SYS_write = 1, SYS_open = 2, SYS_mmap = 9, SYS_ioctl = 16, SYS_pwrite64 = 18,
  SYS_syslog = 103, SYS_mknod = 133, SYS_reboot = 169, SYS_clock_gettime = 228
};
enum { MARK_PORT = 0x80, MARK_USER_SPACE = 0x41, TIMER_ADDRESS = 0xc0000000, TIMER_VALUE = 123 };
enum { CLOCK_BOOTTIME = 7, TCSBRK = 0x5409, O_RDWR = 2, CHARACTER_DEVICE = 020600, CONSOLE = 1, READ_ALL = 3 };
enum { REBOOT_MAGIC_1 = 0xfee1dead, REBOOT_MAGIC_2 = 672274793 };
enum { RESTART = 0x1234567, POWER_OFF = 0x4321fedc };

__asm__(
    ".globl _start\n"
    "_start:\n"
    "  rdtsc\n"
    "  shl $32, %rdx\n"
    "  or %rax, %rdx\n"
    "  mov %rdx, %rdi\n"   // first argument: the counter
    "  mov %rsp, %rsi\n"   // second: argc, argv, environment
    "  and $-16, %rsp\n"
    "  call run\n");

static long call6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static long call3(long number, long a, long b, long c) { return call6(number, a, b, c, 0, 0, 0); }

static u64 time_stamp(void) {
  unsigned low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}

// The value of NAME= in the environment, or null.
static const char* setting(char** environment, const char* name) {
  for (; *environment; ++environment) {
    const char *have = *environment, *want = name;
    while (*want && *have == *want) ++have, ++want;
    if (!*want && *have == '=') return have + 1;
  }
  return 0;
}

static char* put_text(char* to, const char* text) {
  while (*text) *to++ = *text++;
  return to;
}

static char* put_number(char* to, u64 value, int least_digits) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
  } while (value /= 10);
  while (count < least_digits) digits[count++] = '0';
  while (count) *to++ = digits[--count];
  return to;
}

static void print(const char* from, const char* end) {
  while (from < end) {
    const long written = call3(SYS_write, CONSOLE, (long)from, end - from);
    if (written <= 0) return;
    from += written;
  }
}

static long open_device(const char* node, int major, int minor) {
  call3(SYS_mknod, (long)node, CHARACTER_DEVICE, major << 8 | minor);
  return call3(SYS_open, (long)node, O_RDWR, 0);
}

// Through /dev/port, not by ioperm and an instruction of our own: in the lab, QEMU's software emulation
// refuses that once a monitor has written back the task register it read (it takes "busy" for invalid).
static void mark_user_space(void) {
  static const char mark = MARK_USER_SPACE;
  call6(SYS_pwrite64, open_device("/port", 1, 4), (long)&mark, 1, MARK_PORT, 0, 0);
}

static void mark_boot_timer(void) {
  const long memory = open_device("/mem", 1, 1);
  const long page = call6(SYS_mmap, 0, 4096, 3, 1, memory, TIMER_ADDRESS);
  if (page > 0) *(volatile unsigned char*)page = TIMER_VALUE;
}

static void print_much(u64 bytes) {
  static char line[64];
  char result[64];
  for (u64 i = 0; i + 1 < sizeof line; ++i) line[i] = (char)('!' + i);
  line[sizeof line - 1] = '\n';
  const u64 started = time_stamp();
  for (u64 left = bytes; left;) {
    const u64 part = left < sizeof line ? left : sizeof line;
    print(line, line + part);
    left -= part;
  }
  call3(SYS_ioctl, CONSOLE, TCSBRK, 1);  // until the last byte has left
  char* end = put_number(put_text(result, "\nprint: bytes="), bytes, 1);
  end = put_number(put_text(end, " tsc="), time_stamp() - started, 1);
  print(result, put_text(end, "\n"));
}

static void print_log(void) {
  static char log[1 << 18];
  const long size = call3(SYS_syslog, READ_ALL, (long)log, sizeof log);
  if (size > 0) print(log, log + size);
}

__attribute__((noreturn, used)) static void run(u64 boot_ticks, long* stack) {
  char line[96], byte;
  long now[2] = {0, 0};
  char** environment = (char**)(stack + 1 + stack[0] + 1);

  mark_user_space();
  if (setting(environment, "bench_timer")) mark_boot_timer();

  call3(SYS_clock_gettime, CLOCK_BOOTTIME, (long)now, 0);
  char* end = put_number(put_text(line, "init: tsc="), boot_ticks, 1);
  end = put_number(put_text(end, " uptime="), (u64)now[0], 1);
  end = put_number(put_text(end, "."), (u64)now[1] / 1000, 6);
  print(line, put_text(end, "\n"));

  const char* count = setting(environment, "bench_print");
  if (count) {
    u64 bytes = 0;
    while (*count >= '0' && *count <= '9') bytes = bytes * 10 + (u64)(*count++ - '0');
    print_much(bytes);
  }

  if (setting(environment, "bench_log")) print_log();
  if (setting(environment, "bench_idle")) {
    static const char prompt[] = "ready: # ";
    print(prompt, prompt + sizeof prompt - 1);
    while (call3(SYS_read, 0, (long)&byte, 1) == 1 && byte != '\n') continue;
  }
  const long command = setting(environment, "bench_end") ? (long)POWER_OFF : RESTART;
  call3(SYS_reboot, (long)REBOOT_MAGIC_1, REBOOT_MAGIC_2, command);
  for (;;) call3(SYS_read, 0, (long)&byte, 1);
}

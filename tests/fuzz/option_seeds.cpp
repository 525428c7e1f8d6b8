// Writes command lines to begin with into the folder it is given: words, each ended by a NUL.
#include <fstream>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
  using namespace std::string_view_literals;
  if (argc != 2) return 64;
  constexpr std::string_view seeds[] = {
      "-k\0vmlinux\0-r\0initrd\0-m\0" "1G\0-p\0" "4"sv,
      "--kernel=k\0--cmdline\0quiet\0-c\0a=b\0--no-default-cmdline"sv,
      "-k\0k\0--com1\0none\0--com2\0pty\0--com3\0file=x\0--com4\0listen=y"sv,
      "-k\0k\0--smbios\0serial=1,uuid=00112233-4455-6677-8899-aabbccddeeff"sv,
      "-k\0k\0--on-reset\0restart\0--on-crash\0halt\0--on-shutdown\0exit"sv,
      "-k\0k\0--timeline\0-\0--explain-boot\0--pidfile\0p\0--log-level\0trace\0--kernel-entry\0pvh"sv,
      "-k\0k\0--disk\0file=a,ro,id=x,queues=2\0--disk\0file=b,,c,overlay,discard,direct,transport=pci"sv,
      "-k\0k\0--disk\0file=a,format=raw"sv,
      "-k\0k\0--net\0user,hostfwd=tcp:127.0.0.1:80-:8080,mac=02:00:00:00:00:01\0--net=tap=t,mtu=9000,queues=2"sv,
      "--help"sv, "--version"sv, "-k\0k\0--device-tree"sv};
  int number = 0;
  for (const std::string_view seed : seeds) {
    std::ofstream{std::string{argv[1]} + "/options-" + std::to_string(number++), std::ios::binary} << seed;
  }
}

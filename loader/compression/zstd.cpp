// Zstandard (RFC 8878). Unpacked in one call, matches are copied within `output`, so that even the
// 128 MiB window of `zstd --ultra -22` costs no memory.
#include <zstd.h>
#include <zstd_errors.h>

#include <memory>
#include <new>

#include "loader/compression/codec.hpp"

namespace loader::codec {
namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ::ZSTD_freeDCtx(context); }
};
using Context = std::unique_ptr<ZSTD_DCtx, FreeContext>;

Context make_context() {
  Context context{::ZSTD_createDCtx()};
  if (!context) throw std::bad_alloc{};
  return context;
}

std::size_t whole(Input input, Output output) {
  // The call takes exactly one frame; what follows it (a size word) it would refuse.
  const std::size_t frame_bytes = ::ZSTD_findFrameCompressedSize(input.data(), input.size());
  if (::ZSTD_isError(frame_bytes)) fail_damaged("zstd");
  const Context context = make_context();
  const std::size_t result =
      ::ZSTD_decompressDCtx(context.get(), output.data(), output.size(), input.data(), frame_bytes);
  if (!::ZSTD_isError(result)) return result;
  if (::ZSTD_getErrorCode(result) == ZSTD_error_dstSize_tooSmall) {
    fail_too_large("zstd", output.size());
  }
  fail_damaged("zstd");
}

std::size_t prefix(Input input, Output output) {
  const Context context = make_context();
  ZSTD_inBuffer from{input.data(), input.size(), 0};
  ZSTD_outBuffer to{output.data(), output.size(), 0};
  while (to.pos < to.size) {
    const std::size_t position = from.pos;
    const std::size_t written = to.pos;
    const std::size_t result = ::ZSTD_decompressStream(context.get(), &to, &from);
    if (::ZSTD_isError(result)) fail_damaged("zstd");
    if (result == 0) break;
    if (from.pos == position && to.pos == written) fail_damaged("zstd");
  }
  return to.pos;
}

}  // namespace

std::size_t zstd(Input input, Output output, Extent extent) {
  return extent == Extent::Whole ? whole(input, output) : prefix(input, output);
}

}  // namespace loader::codec

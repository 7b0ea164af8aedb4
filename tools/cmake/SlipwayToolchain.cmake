# Compiler, launcher and linker for the whole tree, and the warning target that our own code links.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

option(SLIPWAY_WERROR "Treat warnings in our own code as errors" OFF)
option(SLIPWAY_PCH "Parse the headers of the large libraries once" ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# One cache entry serves every checkout and build folder: paths below the source root are made relative.
# The sloppiness is what ccache asks for before it caches the users of a precompiled header.
find_program(SLIPWAY_CCACHE ccache)
if(SLIPWAY_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${SLIPWAY_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

# Every target of ours is compiled with the same flags, so that one precompiled header fits all of them:
# threads everywhere, and position independent as the compiler does by itself.
add_compile_options(-pthread)
if(SLIPWAY_PCH)
  add_compile_options(-fpch-preprocess)  # ccache caches no user of a precompiled header without it
endif()

find_program(SLIPWAY_LLD ld.lld)
if(SLIPWAY_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_library(slipway_warnings INTERFACE)
target_compile_options(slipway_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${SLIPWAY_WERROR}>:-Werror>)

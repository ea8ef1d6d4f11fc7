# Finds every library that bitloom needs.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(MPI REQUIRED COMPONENTS C)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)

set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 1.10.5 REQUIRED COMPONENTS C)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR
    "The HDF5 that CMake found is not parallel. Install one built with MPI (Debian: libhdf5-openmpi-dev), or "
    "give CMake its folder with -DHDF5_ROOT=PREFIX.")
endif()
add_library(bitloom_hdf5 INTERFACE)
target_include_directories(bitloom_hdf5 SYSTEM INTERFACE ${HDF5_INCLUDE_DIRS})
target_link_libraries(bitloom_hdf5 INTERFACE ${HDF5_C_LIBRARIES} MPI::MPI_C)

# OpenBLAS for openblas_set_num_threads and openblas_get_corename.
find_library(BITLOOM_OPENBLAS openblas REQUIRED)
find_path(BITLOOM_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas openblas-pthread REQUIRED)
add_library(bitloom_blas INTERFACE)
target_include_directories(bitloom_blas SYSTEM INTERFACE ${BITLOOM_CBLAS_INCLUDE})
target_link_libraries(bitloom_blas INTERFACE ${BITLOOM_OPENBLAS})

# LAPACK's C interface, which Debian's OpenBLAS doesn't include.
find_library(BITLOOM_LAPACKE lapacke REQUIRED)
find_path(BITLOOM_LAPACKE_INCLUDE lapacke.h REQUIRED)
add_library(bitloom_lapacke INTERFACE)
target_include_directories(bitloom_lapacke SYSTEM INTERFACE ${BITLOOM_LAPACKE_INCLUDE})
target_link_libraries(bitloom_lapacke INTERFACE ${BITLOOM_LAPACKE})

# bitloom_TARGET: an INTERFACE target for a library that is found by pkg-config.
function(bitloom_pkg target module)
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${module})
  add_library(bitloom_${target} INTERFACE)
  target_link_libraries(bitloom_${target} INTERFACE PkgConfig::${target})
endfunction()
bitloom_pkg(yaml yaml-0.1)
bitloom_pkg(jansson jansson)
bitloom_pkg(xxhash libxxhash)
bitloom_pkg(sleef sleef)
bitloom_pkg(minizip minizip)

# Random123 consists of headers and has no pkg-config file.
find_path(BITLOOM_RANDOM123_INCLUDE Random123/philox.h REQUIRED)
add_library(bitloom_random123 INTERFACE)
target_include_directories(bitloom_random123 SYSTEM INTERFACE ${BITLOOM_RANDOM123_INCLUDE})

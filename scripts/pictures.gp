# Called by scripts/pictures, which sets work, folder, neighbours and bits.
vermilion = '#d55e00'
blue = '#0072b2'
grey = '#8c959f'
ink = '#24292f'
name(class) = system(sprintf("sed -n %dp %s/names", class + 1, work))
map(method) = real(system('cat '.work.'/'.method.'.map'))

# Neighbours: one row per class. A unit of the axes is a pixel of the picture.
side = 56 # 28 pixels, doubled
step = 58
n_rows = words(system('cut -d" " -f1 '.work.'/queries'))
left = 84
gap = 8
top = 32
bottom = 28
x_of(panel, rank) = left + step + gap + (rank - 1) * step + panel * (neighbours * step + gap)
y_of(row) = height - top - (row + 1) * step + 2
width = x_of(1, neighbours) + side + 3
height = top + n_rows * step + bottom

set terminal pngcairo size width, height font 'DejaVu Sans,9.5' background '#ffffff'
set output folder.'/neighbours.png'
unset border
unset tics
unset key
unset colorbox
set margins 0, 0, 0, 0
set xrange [0:width]
set yrange [0:height]
set cbrange [0:255]
set palette defined (0 '#ffffff', 255 '#101418') maxcolors 52

title_y = height - 15
centre(panel) = x_of(panel, 1) + (neighbours * step - step + side) / 2.0
set label 'query' at left + side / 2.0, title_y center textcolor rgb ink
set label sprintf('{/:Bold bitloom}, %d bits', bits) at centre(0), title_y center textcolor rgb ink
set label sprintf('{/:Bold random hyperplanes} (LSH), %d bits', bits) at centre(1), title_y center textcolor rgb ink
set label 'nearest training images; framed: of another class than the query' \
    at (x_of(0, 1) + width) / 2.0, 12 center textcolor rgb vermilion
do for [row = 0:n_rows - 1] {
    set label name(row) at left - 8, y_of(row) + side / 2.0 right textcolor rgb ink
}

# A frame around images of another class than the query's. A cell is "CLASS RANK WRONG".
n_frames = 0
do for [panel = 0:1] {
    method = panel == 0 ? 'learned' : 'lsh'
    cells = system('cat '.work.'/'.method.'.cells')
    do for [i = 0:n_rows * neighbours - 1] {
        if (word(cells, 3 * i + 3) eq '1') {
            n_frames = n_frames + 1
            x = x_of(panel, i % neighbours + 1)
            y = y_of(i / neighbours)
            set object n_frames rectangle from x, y to x + side, y + side front \
                fillstyle empty border rgb vermilion linewidth 2
        }
    }
}

image(n) = n * 784
images = work.'/images'
plot for [row = 0:n_rows - 1] images binary skip=image(row) array=(28,28) format='%uint8' flipy \
        origin=(left + 1, y_of(row) + 1) dx=2 dy=2 with image, \
    for [i = 0:2 * n_rows * neighbours - 1] images binary skip=image(n_rows + i) array=(28,28) \
        format='%uint8' flipy \
        origin=(x_of(i / (n_rows * neighbours), i % neighbours + 1) + 1, y_of(i / neighbours % n_rows) + 1) \
        dx=2 dy=2 with image
unset output

# Precision and recall within each radius, one point per radius.
reset
set terminal pngcairo size 830, 360 font 'DejaVu Sans,9.5' background '#ffffff'
set output folder.'/precision-recall.png'
set border 3 linecolor rgb grey
set tics nomirror textcolor rgb ink
set grid linecolor rgb '#d8dee4' linetype 1 linewidth 0.7
unset key
set xrange [0:1]
set yrange [0:1]
set xlabel 'recall within the radius' textcolor rgb ink
set ylabel 'precision within the radius' textcolor rgb ink
point(method, radius, column) = \
    real(system(sprintf('sed -n %dp %s/%s.curve | cut -f%d', radius + 1, work, method, column)))
set label sprintf('{/:Bold bitloom}, %d bits: mAP %.3f', bits, map('learned')) at 0.59, 0.93 left textcolor rgb blue
set label sprintf('{/:Bold random hyperplanes} (LSH), %d bits: mAP %.3f', bits, map('lsh')) \
    at 0.27, 0.57 left textcolor rgb vermilion
do for [radius in '0 2'] {
    set label 'radius '.radius at point('learned', radius, 1), point('learned', radius, 2) - 0.06 \
        center font ',8' textcolor rgb blue
}
do for [radius in '10 20'] {
    set label 'radius '.radius at point('lsh', radius, 1), point('lsh', radius, 2) - 0.06 \
        center font ',8' textcolor rgb vermilion
}
plot for [method in 'lsh learned'] work.'/'.method.'.curve' with linespoints pointtype 7 pointsize 0.5 \
    linewidth 1.6 linecolor rgb (method eq 'lsh' ? vermilion : blue)
unset output
